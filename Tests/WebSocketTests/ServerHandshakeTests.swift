import HTTPTypes
import Testing

@testable import WebSocket

@Suite struct ServerHandshakeTests {
    /// The request of RFC 6455, section 1.3.
    static let fields: HTTPFields = [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ==",
        .secWebSocketVersion: "13",
    ]

    struct Variant: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var fields = ServerHandshakeTests.fields
        let rejection: HandshakeRejection?

        init(_ name: HTTPField.Name, _ values: [String], _ rejection: HandshakeRejection?) {
            testDescription = "\(name): \(values)"
            self.rejection = rejection
            fields[values: name] = values
        }
    }

    static let variants: [Variant] = [
        Variant(.upgrade, ["websocket"], nil),
        Variant(.upgrade, ["WebSocket"], nil),
        Variant(.upgrade, ["h2c, WEBSOCKET"], nil),
        Variant(.upgrade, ["h2c", " websocket "], nil),
        Variant(.upgrade, [], .upgradeMissing),
        Variant(.upgrade, [""], .upgradeMissing),
        Variant(.upgrade, ["websockets"], .upgradeMissing),
        Variant(.upgrade, ["web socket"], .upgradeMissing),
        Variant(.upgrade, ["websocket/13"], .upgradeMissing),
        Variant(.connection, ["upgrade"], nil),
        Variant(.connection, ["keep-alive, Upgrade"], nil),
        Variant(.connection, ["keep-alive", "UPGRADE"], nil),
        Variant(.connection, [",\tupgrade\t,"], nil),
        Variant(.connection, [], .connectionUpgradeMissing),
        Variant(.connection, ["keep-alive"], .connectionUpgradeMissing),
        Variant(.connection, ["upgraded"], .connectionUpgradeMissing),
        Variant(.contentLength, ["0"], nil),
        Variant(.contentLength, ["5"], .bodyPresent),
        Variant(.transferEncoding, ["chunked"], .bodyPresent),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAAAA=="], nil),
        Variant(.secWebSocketKey, ["+/+/+/+/+/+/+/+/+/+/+w=="], nil),
        Variant(.secWebSocketKey, [], .keyMissingOrRepeated),
        Variant(
            .secWebSocketKey, ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], .keyMissingOrRepeated
        ),
        Variant(.secWebSocketKey, [""], .keyMalformed),
        Variant(.secWebSocketKey, ["short"], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAA"], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAAAAA="], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAAAAAA"], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAAAAAAAA=="], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAAA=A="], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAAAAAAAAAAA_A=="], .keyMalformed),
        Variant(.secWebSocketKey, ["AAAAAAAAAAA AAAAAAAAAA=="], .keyMalformed),
        Variant(.secWebSocketVersion, [], .versionMissingOrRepeated),
        Variant(.secWebSocketVersion, ["13", "13"], .versionMissingOrRepeated),
        Variant(.secWebSocketVersion, ["12"], .versionUnsupported),
        Variant(.secWebSocketVersion, ["8"], .versionUnsupported),
        Variant(.secWebSocketVersion, ["013"], .versionUnsupported),
        Variant(.secWebSocketVersion, ["13, 8"], .versionUnsupported),
        Variant(.secWebSocketVersion, [""], .versionUnsupported),
        Variant(.secWebSocketProtocol, ["chat"], nil),
        Variant(.secWebSocketProtocol, [""], .subprotocolsMalformed),
        Variant(.secWebSocketProtocol, ["a b"], .subprotocolsMalformed),
        Variant(.secWebSocketProtocol, ["a/b"], .subprotocolsMalformed),
        Variant(.secWebSocketProtocol, ["chät"], .subprotocolsMalformed),
        Variant(.secWebSocketProtocol, ["chat, chat"], .subprotocolsMalformed),
        Variant(.secWebSocketProtocol, ["chat", "chat"], .subprotocolsMalformed),
        Variant(.secWebSocketProtocol, [(0..<32).map { "p\($0)" }.joined(separator: ",")], nil),
        Variant(
            .secWebSocketProtocol, [(0..<33).map { "p\($0)" }.joined(separator: ",")], .subprotocolsMalformed
        ),
    ]

    static func rejection(
        method: HTTPRequest.Method = .get, fields: HTTPFields = fields, isHTTP11: Bool = true
    ) -> HandshakeRejection? {
        do throws(HandshakeRejection) {
            _ = try ServerHandshake().accept(method: method, fields: fields, isHTTP11: isHTTP11)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the RFC's example request gets the RFC's answer`() throws {
        let accepted = try ServerHandshake().accept(method: .get, fields: Self.fields, isHTTP11: true)
        #expect(accepted.acceptKey.text == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(accepted.subprotocol == nil)
        var output: [UInt8] = []
        accepted.appendResponse(to: &output)
        #expect(
            String(decoding: output, as: UTF8.self) == """
                HTTP/1.1 101 Switching Protocols\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                \r\n
                """
        )
    }

    @Test(arguments: variants)
    func `each field is judged by its rule`(_ variant: Variant) {
        #expect(Self.rejection(fields: variant.fields) == variant.rejection)
    }

    @Test(arguments: [HTTPRequest.Method.post, .head, .put, .options, .connect])
    func `only GET upgrades`(method: HTTPRequest.Method) {
        #expect(Self.rejection(method: method) == .methodNotGet)
    }

    @Test func `only HTTP 1.1 upgrades`() {
        #expect(Self.rejection(isHTTP11: false) == .protocolTooOld)
    }

    @Test func `a malformed request is reported before a wrong version`() {
        var fields = Self.fields
        fields[.secWebSocketVersion] = "8"
        fields[.secWebSocketKey] = "short"
        #expect(Self.rejection(fields: fields) == .keyMalformed)
    }

    @Test func `a wrong version is answered with 426 and the right one, everything else with 400`() {
        for rejection in HandshakeRejection.allCases {
            let isVersion = rejection == .versionUnsupported
            #expect(rejection.status.code == (isVersion ? 426 : 400))
            #expect(rejection.responseFields[.secWebSocketVersion] == (isVersion ? "13" : nil))
        }
        #expect(Set(HandshakeRejection.allCases.map { "\($0.label)" }).count == HandshakeRejection.allCases.count)
    }

    @Test(
        arguments: [
            (["v2", "v1"], ["v1, v2"], "v2"), (["v2", "v1"], ["v1"], "v1"), (["v2", "v1"], ["v1", "v2"], "v2"),
            (["v2"], ["v1"], nil), (["v2"], [], nil), ([], ["v1"], nil), (["v2"], ["V2"], nil),
            (["v2"], [" v0 ,\tv2\t, v3"], "v2"), (["v2"], [",,v2,"], "v2"),
        ] as [([String], [String], String?)])
    func `the server chooses its first preference among the offers`(
        spoken: [String], offered: [String], chosen: String?
    ) throws {
        var fields = Self.fields
        fields[values: .secWebSocketProtocol] = offered
        let accepted = try ServerHandshake(subprotocols: spoken).accept(
            method: .get, fields: fields, isHTTP11: true
        )
        #expect(accepted.subprotocol == chosen)
        var output: [UInt8] = []
        accepted.appendResponse(fields: [.server: "test"], to: &output)
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.contains("\r\nSec-WebSocket-Protocol: \(chosen ?? "")\r\n") == (chosen != nil))
        #expect(text.hasSuffix("\r\nServer: test\r\n\r\n"))
    }

    @Test(
        arguments: [
            ([], ""), ([0x66], "Zg=="), ([0x66, 0x6F], "Zm8="), ([0x66, 0x6F, 0x6F], "Zm9v"),
            ([0xFB, 0xFF, 0xBF, 0x00], "+/+/AA=="),
        ] as [([UInt8], String)])
    func `base64 is written as in RFC 4648`(bytes: [UInt8], text: String) {
        #expect(Base64.text(of: bytes) == text)
    }
}
