import HTTPTypes
import Primitives
import Testing

@testable import HTTP

@Suite struct ResponseWriterTests {
    private static let now = Timestamp(microsecondsSinceEpoch: 784_111_777_999_999)
    private static let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    private func context(
        _ method: HTTPRequest.Method = .get, version: HTTPVersion = .http11, keepAlive: Bool = true
    ) -> ResponseContext {
        ResponseContext(RequestHead(method: method, path: "/", version: version, keepAlive: keepAlive))
    }

    private func write(
        _ status: HTTPResponse.Status, contentType: StaticString? = nil, fields: FieldLines = [:], body: String = "",
        context: ResponseContext
    ) -> String {
        var writer = ResponseWriter()
        var bytes: [UInt8] = []
        writer.append(
            status, contentType: contentType, fields: fields, body: Array(body.utf8).span, context: context,
            at: Self.now, to: &bytes
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a response has its line, date, type, length and fields`() {
        let text = write(
            .ok, contentType: "application/json", fields: [.retryAfter: "5", .cacheControl: "no-store"], body: "{}",
            context: context()
        )
        #expect(
            text == "HTTP/1.1 200 OK\r\n\(Self.date)Content-Type: application/json\r\nContent-Length: 2\r\n"
                + "Retry-After: 5\r\nCache-Control: no-store\r\n\r\n{}"
        )
    }

    @Test func `HEAD gets the length and no body`() {
        let text = write(.ok, contentType: "text/plain", body: "hello", context: context(.head))
        #expect(text == "HTTP/1.1 200 OK\r\n\(Self.date)Content-Type: text/plain\r\nContent-Length: 5\r\n\r\n")
    }

    @Test func `an empty body has the length 0`() {
        #expect(write(.created, context: context()) == "HTTP/1.1 201 Created\r\n\(Self.date)Content-Length: 0\r\n\r\n")
    }

    @Test(arguments: [(204, "No Content"), (304, "Not Modified")])
    func `a status without a body has no length`(code: Int, phrase: String) {
        let text = write(HTTPResponse.Status(code: code, reasonPhrase: phrase), context: context())
        #expect(text == "HTTP/1.1 \(code) \(phrase)\r\n\(Self.date)\r\n")
    }

    @Test func `101 takes Connection from the handshake`() {
        let text = write(
            .switchingProtocols, fields: [.connection: "Upgrade", .upgrade: "websocket"],
            context: context(keepAlive: false)
        )
        #expect(
            text == "HTTP/1.1 101 Switching Protocols\r\n\(Self.date)Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
    }

    @Test(arguments: [(true, "upgrade"), (false, "close, upgrade")])
    func `426 names its Upgrade field as one of the connection`(keepAlive: Bool, connection: String) {
        let text = write(.upgradeRequired, fields: [.upgrade: "websocket"], context: context(keepAlive: keepAlive))
        #expect(text.contains("\r\nConnection: \(connection)\r\nUpgrade: websocket\r\n"))
    }

    @Test func `a status without a phrase keeps the space`() {
        #expect(write(.init(code: 299), context: context()).hasPrefix("HTTP/1.1 299 \r\n"))
    }

    @Test(arguments: [
        (HTTPVersion.http11, true, true, ""), (.http11, false, true, "close"), (.http11, true, false, "close"),
        (.http10, true, true, "keep-alive"), (.http10, false, true, "close"), (.http10, true, false, "close"),
    ])
    func `Connection is written where the version does not imply it`(
        version: HTTPVersion, requested: Bool, granted: Bool, expected: String
    ) {
        let head = RequestHead(method: .get, path: "/", version: version, keepAlive: requested)
        let context = ResponseContext(head, keepAlive: granted)
        let text = write(.ok, context: context)
        #expect(text.contains("Connection: \(expected)\r\n") == !expected.isEmpty)
        #expect(context.keepsConnection == (expected != "close"))
    }

    @Test func `a head alone counts the body that the caller sends`() {
        var writer = ResponseWriter()
        var bytes: [UInt8] = Array("before".utf8)
        writer.appendHead(
            .ok, contentType: "image/png", contentLength: 5_242_880, context: .closing, at: Self.now, to: &bytes
        )
        #expect(
            String(decoding: bytes, as: UTF8.self) == "beforeHTTP/1.1 200 OK\r\n\(Self.date)Content-Type: image/png\r\n"
                + "Content-Length: 5242880\r\nConnection: close\r\n\r\n"
        )
    }

    @Test func `the interim response is whole`() {
        #expect(String(decoding: ResponseWriter.continueResponse, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test(arguments: [HTTPResponse.Status.ok, .notFound, .init(code: 429, reasonPhrase: "Too Many Requests")])
    func `a written response is read back`(status: HTTPResponse.Status) throws {
        let text = write(
            status, contentType: "text/plain", fields: [.retryAfter: "1"], body: "body", context: context()
        )
        let outcome = parseResponse(text)
        #expect(outcome.error == nil)
        #expect(outcome.body == Array("body".utf8))
        guard case .responseHead(let head) = outcome.events.first else {
            Issue.record("no head")
            return
        }
        #expect(head.status.code == status.code)
        #expect(head.fields[.retryAfter] == "1")
        #expect(head.keepAlive)
    }

    @Test func `a field that was made with a line break has none when written`() {
        let text = write(.ok, fields: [.location: "/a\r\nSet-Cookie: b"], context: context())
        #expect(text.contains("Location: /a  Set-Cookie: b\r\n"))
    }

    @Test func `a second Content-Length stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var writer = ResponseWriter()
            var bytes: [UInt8] = []
            writer.append(
                .ok, fields: [.contentLength: "5"], context: .closing, at: Timestamp(microsecondsSinceEpoch: 0),
                to: &bytes
            )
        }
    }

    @Test func `a body with 204 stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var writer = ResponseWriter()
            var bytes: [UInt8] = []
            writer.append(
                .noContent, body: [1].span, context: .closing, at: Timestamp(microsecondsSinceEpoch: 0), to: &bytes
            )
        }
    }
}

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_767_454_200, "Sat, 03 Jan 2026 15:30:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT"),
        ] as [(Int64, String)])
    func `a time is written as IMF-fixdate`(second: Int64, text: String) {
        var date = HTTPDate()
        let now = Timestamp(microsecondsSinceEpoch: second * 1_000_000)
        date.update(to: now)
        #expect(String(decoding: date.line, as: UTF8.self) == "Date: \(text)\r\n")
    }

    @Test func `the text changes with the second, also backwards`() {
        var date = HTTPDate()
        let microseconds: [Int64] = [0, 999_999, 1_000_000, 2_500_000, 500_000]
        let texts = microseconds.map {
            date.update(to: Timestamp(microsecondsSinceEpoch: $0))
            return String(decoding: date.line[23..<31], as: UTF8.self)
        }
        #expect(texts == ["00:00:00", "00:00:00", "00:00:01", "00:00:02", "00:00:00"])
    }
}
