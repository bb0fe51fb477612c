import HTTP
import HTTPTypes
import Testing
import WebSocket

@testable import Sessions

@Suite struct HandshakeRequestTests {
    private static let fields: HTTPFields = [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ==",
        .secWebSocketVersion: "13",
    ]

    private static func rejection(_ head: RequestHead) -> HandshakeRejection? {
        do throws(HandshakeRejection) {
            _ = try ServerHandshake().accept(HandshakeRequest(head))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            (.upgrade, .upgradeMissing), (.connection, .connectionUpgradeMissing),
            (.secWebSocketKey, .keyMissingOrRepeated), (.secWebSocketVersion, .versionMissingOrRepeated),
        ] as [(HTTPField.Name, HandshakeRejection)])
    func `a head needs each field of the handshake`(name: HTTPField.Name, rejection: HandshakeRejection) {
        var fields = Self.fields
        #expect(Self.rejection(RequestHead(method: .get, path: "/", fields: fields)) == nil)
        fields[name] = nil
        #expect(Self.rejection(RequestHead(method: .get, path: "/", fields: fields)) == rejection)
    }

    @Test(
        arguments: [
            (.secWebSocketKey, "dGhlIHNhbXBsZSBub25jZQ==", .keyMissingOrRepeated),
            (.secWebSocketVersion, "13", .versionMissingOrRepeated), (.transferEncoding, "chunked", .bodyPresent),
            (.contentLength, "7", .bodyPresent), (.secWebSocketProtocol, "a b", .subprotocolsMalformed),
        ] as [(HTTPField.Name, String, HandshakeRejection)])
    func `each line of a field counts`(name: HTTPField.Name, value: String, rejection: HandshakeRejection) {
        var fields = Self.fields
        fields.append(HTTPField(name: name, value: value))
        #expect(Self.rejection(RequestHead(method: .get, path: "/", fields: fields)) == rejection)
    }

    @Test func `the method and the version of the request count`() {
        #expect(Self.rejection(RequestHead(method: .post, path: "/", fields: Self.fields)) == .methodNotGet)
        let old = RequestHead(method: .get, path: "/", version: .http10, fields: Self.fields)
        #expect(Self.rejection(old) == .protocolTooOld)
    }
}
