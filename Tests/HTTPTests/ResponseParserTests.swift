import HTTPTypes
import Testing

@testable import HTTP

@Suite struct ResponseParserTests {
    static let vectors = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
            + "HTTP/1.1 201 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
        "HTTP/1.0 200 OK\r\n\r\nall that comes",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ]

    @Test(arguments: vectors)
    func `every cut gives the same events`(text: String) {
        let whole = parseResponse(text)
        #expect(whole.error == nil)
        #expect(!whole.events.isEmpty)
        for cut in 0...text.utf8.count { #expect(parseResponse(text, cuts: [cut]) == whole, "cut at \(cut)") }
        #expect(parseResponse(text, cuts: Array(1..<text.utf8.count)) == whole)
    }

    private func firstHead(_ outcome: Outcome) -> ResponseHead? {
        for event in outcome.events { if case .responseHead(let head) = event { return head } }
        return nil
    }

    @Test(
        arguments: [
            ("200 OK\r\nContent-Length: 3", .length(3), true), ("200 OK\r\nTransfer-Encoding: chunked", .chunked, true),
            ("200 OK\r\nX: y", .untilClose, false), ("204 No Content\r\nContent-Length: 3", .none, true),
            ("304 Not Modified\r\nContent-Length: 3", .none, true),
            ("200 OK\r\nContent-Length: 3\r\nConnection: close", .length(3), false),
        ] as [(String, ResponseBodyKind, Bool)])
    func `status and fields delimit the body`(text: String, body: ResponseBodyKind, keepAlive: Bool) {
        let head = firstHead(parseResponse("HTTP/1.1 \(text)\r\n\r\n"))
        #expect(head?.body == body)
        #expect(head?.keepAlive == keepAlive)
    }

    @Test func `the answer to HEAD has no body, the next one has`() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
        let outcome = parseResponse(text, answersHead: true)
        #expect(outcome.endCount == 2)
        #expect(outcome.body == Array("abc".utf8))
    }

    @Test func `interim responses do not use up the HEAD`() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
        let outcome = parseResponse(text, answersHead: true)
        #expect(outcome.endCount == 1)
        #expect(firstHead(outcome)?.body == ResponseBodyKind.none)
    }

    @Test func `101 ends the response and leaves the bytes after it`() throws {
        let bytes = Array("HTTP/1.1 101 Switching Protocols\r\n\r\n".utf8) + [0x81, 0x00]
        var parser = ResponseParser()
        var consumed = 0
        guard case .head(let head) = try parser.next(bytes.span, consumed: &consumed) else {
            Issue.record("no head")
            return
        }
        #expect(head.status.code == 101)
        #expect(try parser.next(bytes.span, consumed: &consumed) == .end)
        #expect(consumed == bytes.count - 2)
    }

    @Test(
        arguments: [
            ("", nil), ("HTTP/1.0 200 OK\r\n\r\nabc", nil),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", .prematureEnd),
            ("HTTP/1.1 200", .prematureEnd), ("HTTP/1.1 200 OK\r\nX", .prematureEnd),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", .prematureEnd),
        ] as [(String, HTTPParseError?)])
    func `the end of the connection ends only a body without a length`(text: String, error: HTTPParseError?) {
        #expect(parseResponse(text, inputEnds: true).error == error)
    }

    @Test func `a body until the end of the connection ends with it`() {
        let outcome = parseResponse("HTTP/1.0 200 OK\r\n\r\nabc", inputEnds: true)
        #expect(outcome.endCount == 1)
        #expect(outcome.body == Array("abc".utf8))
    }

    @Test(
        arguments: [
            ("HTTP/1.1 20 OK\r\n", .malformedStatusLine), ("HTTP/1.1 2000 OK\r\n", .malformedStatusLine),
            ("HTTP/1.1 099 OK\r\n", .malformedStatusLine), ("HTTP/1.1  200 OK\r\n", .malformedStatusLine),
            ("HTTP/1.1 2x0 OK\r\n", .malformedStatusLine), ("hello\r\n", .malformedStatusLine),
            ("HTTP/2.0 200 OK\r\n", .versionNotSupported), ("HTTP/1.1 200 OK\n", .bareLineBreak),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .contentLengthRepeated),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                .contentLengthWithTransferEncoding
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 131073\r\n\r\n", .bodyTooLarge),
        ] as [(String, HTTPParseError)])
    func `a malformed response is an error`(text: String, error: HTTPParseError) {
        #expect(parseResponse(text).error == error)
    }
}
