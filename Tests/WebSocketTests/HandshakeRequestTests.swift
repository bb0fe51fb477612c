import Testing

@testable import WebSocket

@Suite struct HandshakeRequestTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    /// A request of these field lines, besides those that it needs.
    private static func request(
        _ lines: [(HandshakeRequest.Field, String)], without omitted: HandshakeRequest.Field? = nil
    ) -> HandshakeRequest {
        let needed: [(HandshakeRequest.Field, String)] = [
            (.upgrade, "websocket"), (.connection, "Upgrade"), (.key, key), (.version, "13"),
        ]
        var request = HandshakeRequest(isGet: true, isHTTP11: true)
        for (field, value) in needed where field != omitted { request.add(field, value.utf8.span) }
        for (field, value) in lines { request.add(field, value.utf8.span) }
        return request
    }

    private static func rejection(_ request: HandshakeRequest) -> HandshakeRejection? {
        do throws(HandshakeRejection) {
            _ = try ServerHandshake(subprotocols: ["chat"]).accept(request)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("websocket", true), ("WebSocket", true), ("h2c, websocket", true), (" , ,websocket\t", true),
            ("websocket/1", false), ("websockets", false), ("websocke", false), ("", false),
            ("WEBSOC\u{212A}ET", false),
        ])
    func `Upgrade is a list that names the protocol in any case`(value: String, isAccepted: Bool) {
        let request = Self.request([(.upgrade, value)], without: .upgrade)
        #expect(Self.rejection(request) == (isAccepted ? nil : .upgradeMissing))
    }

    @Test func `a token may be on any of several lines`() {
        #expect(Self.rejection(Self.request([(.upgrade, "h2c"), (.connection, "keep-alive")])) == nil)
        let lines: [(HandshakeRequest.Field, String)] = [(.connection, "keep-alive"), (.connection, "a, UPGRADE")]
        #expect(Self.rejection(Self.request(lines, without: .connection)) == nil)
    }

    @Test(
        arguments: [
            (.key, key, .keyMissingOrRepeated), (.version, "13", .versionMissingOrRepeated),
            (.transferEncoding, "chunked", .bodyPresent), (.contentLength, "1", .bodyPresent),
            (.contentLength, "", .bodyPresent), (.subprotocols, " , ", .subprotocolsMalformed),
        ] as [(HandshakeRequest.Field, String, HandshakeRejection)])
    func `a line too many is refused`(field: HandshakeRequest.Field, value: String, rejection: HandshakeRejection) {
        #expect(Self.rejection(Self.request([(field, value)])) == rejection)
    }

    @Test func `the first rule that is broken decides`() {
        var request = HandshakeRequest(isGet: false, isHTTP11: false)
        #expect(Self.rejection(request) == .methodNotGet)
        request = HandshakeRequest(isGet: true, isHTTP11: false)
        #expect(Self.rejection(request) == .protocolTooOld)
        request = Self.request([(.key, "short"), (.version, "8")], without: .key)
        #expect(Self.rejection(request) == .keyMalformed)
        request = Self.request([(.version, "8"), (.subprotocols, "a b")], without: .version)
        #expect(Self.rejection(request) == .subprotocolsMalformed)
    }

    @Test func `offers on several lines are one list, in which no token occurs twice`() throws {
        let lines: [(HandshakeRequest.Field, String)] = [(.subprotocols, "soap"), (.subprotocols, "mqtt, chat")]
        let accepted = try ServerHandshake(subprotocols: ["chat", "soap"]).accept(Self.request(lines))
        #expect(accepted.subprotocol == "chat")
        #expect(Self.rejection(Self.request(lines + [(.subprotocols, "soap")])) == .subprotocolsMalformed)
    }
}
