import HTTPTypes
import Testing

@testable import HTTP

@Suite struct LimitTests {
    /// Feeds whole and byte by byte, which must agree, and returns the error.
    private func error(of text: String, limits: HTTPLimits) -> HTTPParseError? {
        let bytes = Array(text.utf8)
        let whole = parse(bytes, limits: limits)
        let single = parse(bytes, cuts: Array(1..<bytes.count), limits: limits)
        #expect(whole.error == single.error)
        #expect(whole.events == single.events)
        return whole.error
    }

    @Test(arguments: [(20, nil), (19, .startLineTooLong)] as [(UInt32, HTTPParseError?)])
    func `a request line of 20 bytes passes at 20`(byteCountMax: UInt32, expected: HTTPParseError?) {
        let limits = HTTPLimits(startLineBytesMax: byteCountMax)
        #expect(error(of: "GET /abcdef HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == expected)
    }

    @Test(arguments: [(15, nil), (14, .fieldsTooLarge)] as [(UInt32, HTTPParseError?)])
    func `field lines of 15 bytes pass at 15`(byteCountMax: UInt32, expected: HTTPParseError?) {
        let limits = HTTPLimits(fieldBytesMax: byteCountMax)
        #expect(error(of: "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", limits: limits) == expected)
    }

    @Test(arguments: [(3, nil), (2, .tooManyFields)] as [(UInt32, HTTPParseError?)])
    func `three fields pass at 3`(countMax: UInt32, expected: HTTPParseError?) {
        let limits = HTTPLimits(fieldCountMax: countMax)
        #expect(error(of: "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nZ:\r\n\r\n", limits: limits) == expected)
    }

    @Test(arguments: [(5, nil), (4, .bodyTooLarge)] as [(UInt32, HTTPParseError?)])
    func `a body of five bytes passes at 5`(byteCountMax: UInt32, expected: HTTPParseError?) {
        let limits = HTTPLimits(bodyBytesMax: byteCountMax)
        let head = "POST / HTTP/1.1\r\nHost: a\r\n"
        #expect(error(of: head + "Content-Length: 5\r\n\r\nhello", limits: limits) == expected)
        let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
        #expect(error(of: chunked + "5\r\nhello\r\n0\r\n\r\n", limits: limits) == expected)
        #expect(error(of: chunked + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", limits: limits) == expected)
    }

    @Test(arguments: [(6, nil), (5, .chunkExtensionsTooLarge)] as [(UInt32, HTTPParseError?)])
    func `extensions of six bytes pass at 6`(byteCountMax: UInt32, expected: HTTPParseError?) {
        let limits = HTTPLimits(chunkExtensionBytesMax: byteCountMax)
        let text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;ab\r\nx\r\n0;ab\r\n\r\n"
        #expect(error(of: text, limits: limits) == expected)
    }

    @Test(arguments: [(12, nil), (11, .trailersTooLarge)] as [(UInt32, HTTPParseError?)])
    func `trailers of 12 bytes pass at 12`(byteCountMax: UInt32, expected: HTTPParseError?) {
        let limits = HTTPLimits(trailerBytesMax: byteCountMax)
        let text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nZ: 0\r\n\r\n"
        #expect(error(of: text, limits: limits) == expected)
    }

    @Test func `limits of 0 allow empty parts`() {
        let limits = HTTPLimits(fieldBytesMax: 0, fieldCountMax: 0, bodyBytesMax: 0)
        #expect(error(of: "GET / HTTP/1.0\r\n\r\n", limits: limits) == nil)
        #expect(error(of: "GET / HTTP/1.0\r\nX:\r\n\r\n", limits: limits) == .fieldsTooLarge)
    }

    @Test func `a length that is too large is refused before any of the body`() throws {
        let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 131073\r\n\r\nabc".utf8)
        var parser = RequestParser()
        var consumed = 0
        guard case .head = try parser.next(bytes.span, consumed: &consumed) else {
            Issue.record("no head")
            return
        }
        #expect(consumed == bytes.count - 3)
        // Before `100 Continue` is sent no body has arrived: an empty input makes the check.
        let nothing: [UInt8] = []
        var none = 0
        #expect(throws: HTTPParseError.bodyTooLarge) { try parser.next(nothing.span, consumed: &none) }
    }

    @Test(arguments: [(131_073, nil), (131_072, .bodyTooLarge)] as [(Int, HTTPParseError?)])
    func `a request may have its own bound for the body`(byteCountMax: Int, expected: HTTPParseError?) throws {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 131073\r\n\r\n".utf8)
        var parser = RequestParser()
        var consumed = 0
        guard case .head = try parser.next(head.span, consumed: &consumed) else {
            Issue.record("no head")
            return
        }
        parser.setBodyBytesMax(byteCountMax)
        let outcome = feed([UInt8](repeating: 7, count: 131_073), to: &parser)
        #expect(outcome.error == expected)
        #expect(outcome.body.count == (expected == nil ? 131_073 : 0))
        // The next request has the common bound again.
        guard expected == nil else { return }
        #expect(feed(head, to: &parser).error == .bodyTooLarge)
    }

    @Test func `a bound that is lowered during a chunked body ends it`() throws {
        let text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
        var parser = RequestParser()
        #expect(feed(Array(text.utf8), to: &parser).body.count == 3)
        parser.setBodyBytesMax(4)
        #expect(feed(Array("lo\r\n".utf8), to: &parser).error == .bodyTooLarge)
    }

    @Test func `setting a body's bound without a request stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var parser = RequestParser()
            parser.setBodyBytesMax(1)
        }
    }
}
