import HTTPTypes
import Primitives
import Testing

@testable import WebSocket

@Suite struct ClientHandshakeTests {
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let fields: HTTPFields = [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]

    struct Variant: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var fields = ClientHandshakeTests.fields
        let error: ClientHandshakeError?

        init(_ name: HTTPField.Name, _ values: [String], _ error: ClientHandshakeError?) {
            testDescription = "\(name): \(values)"
            self.error = error
            fields[values: name] = values
        }
    }

    static let variants: [Variant] = [
        Variant(.upgrade, ["WebSocket"], nil),
        Variant(.upgrade, [], .upgradeMissing),
        Variant(.upgrade, ["h2c"], .upgradeMissing),
        Variant(.upgrade, ["websocket", "h2c"], .upgradeMissing),
        Variant(.connection, ["keep-alive, upgrade"], nil),
        Variant(.connection, [], .connectionUpgradeMissing),
        Variant(.connection, ["close"], .connectionUpgradeMissing),
        Variant(.secWebSocketAccept, [], .acceptKeyWrong),
        Variant(.secWebSocketAccept, ["S3pPLMBiTxaQ9kYGzzhZRbK+xOo="], .acceptKeyWrong),
        Variant(.secWebSocketAccept, ["dGhlIHNhbXBsZSBub25jZQ=="], .acceptKeyWrong),
        Variant(.secWebSocketExtensions, ["permessage-deflate"], .extensionNotOffered),
        Variant(.secWebSocketProtocol, ["v1"], nil),
        Variant(.secWebSocketProtocol, ["v3"], .subprotocolNotOffered),
        Variant(.secWebSocketProtocol, ["v1, v2"], .subprotocolNotOffered),
        Variant(.secWebSocketProtocol, ["v1", "v2"], .subprotocolNotOffered),
        Variant(.secWebSocketProtocol, [""], .subprotocolNotOffered),
    ]

    static func outcome(
        status: HTTPResponse.Status = .switchingProtocols, _ fields: HTTPFields
    ) -> Result<String?, ClientHandshakeError> {
        do throws(ClientHandshakeError) {
            let handshake = ClientHandshake(key: key, subprotocols: ["v1", "v2"])
            return .success(try handshake.accept(status: status, fields: fields))
        } catch {
            return .failure(error)
        }
    }

    @Test func `the request equals the RFC's`() {
        var output: [UInt8] = []
        ClientHandshake(key: Self.key, subprotocols: ["chat", "superchat"]).appendRequest(
            host: "server.example.com", path: "/chat?a=b", fields: [.origin: "http://example.com"], to: &output
        )
        #expect(
            String(decoding: output, as: UTF8.self) == """
                GET /chat?a=b HTTP/1.1\r
                Host: server.example.com\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Protocol: chat, superchat\r
                Origin: http://example.com\r
                \r\n
                """
        )
    }

    @Test(arguments: variants)
    func `each field of the response is judged by its rule`(_ variant: Variant) {
        switch (Self.outcome(variant.fields), variant.error) {
        case (.success, nil): break
        case (.failure(let error), let expected?): #expect(error == expected)
        case (.success, .some), (.failure, nil): Issue.record("\(Self.outcome(variant.fields))")
        }
    }

    @Test(arguments: [200, 301, 400, 401, 426, 429, 503])
    func `a refusal carries its status`(statusCode: Int) {
        #expect(
            Self.outcome(status: .init(code: statusCode), Self.fields) == .failure(.refused(statusCode: statusCode))
        )
    }

    @Test(arguments: Seeds.all)
    func `the client's and the server's handshakes fit together`(seed: Seed) throws {
        var generator = SeededGenerator(seed: seed.value)
        for spoken in [[], ["v1"], ["v2", "v1"], ["v3"]] {
            let client = ClientHandshake(subprotocols: ["v1", "v2"], using: &generator)
            var request: [UInt8] = []
            client.appendRequest(host: "h", path: "/", to: &request)
            let accepted = try ServerHandshake(subprotocols: spoken).accept(
                method: .get, fields: Self.parsedFields(request), isHTTP11: true
            )
            var response: [UInt8] = []
            accepted.appendResponse(to: &response)
            let subprotocol = try client.accept(
                status: .switchingProtocols, fields: Self.parsedFields(response)
            )
            #expect(subprotocol == accepted.subprotocol)
            #expect(subprotocol == spoken.first { ["v1", "v2"].contains($0) })
        }
    }

    /// The fields of a head that this module wrote.
    static func parsedFields(_ head: [UInt8]) -> HTTPFields {
        var fields = HTTPFields()
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else { continue }
            fields.append(HTTPField(name: name, value: String(parts[1].dropFirst())))
        }
        return fields
    }

    @Test func `a path that would break the request line is our bug`() async {
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            ClientHandshake(key: "").appendRequest(host: "h", path: "/ HTTP/1.1\r\nX: y", to: &output)
        }
    }
}
