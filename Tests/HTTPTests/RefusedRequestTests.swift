import HTTPTypes
import Testing

@testable import HTTP

/// What a parser still does for a refused request.
@Suite struct RefusedRequestTests {
    private func steps(
        _ text: String, limits: HTTPLimits = HTTPLimits(), skipsBody: Bool = true
    ) -> (error: HTTPParseError?, ends: Int, byteCount: Int, parser: RequestParser) {
        var parser = RequestParser(limits: limits)
        let bytes = Array(text.utf8)
        var (consumed, ends, byteCount) = (0, 0, 0)
        var refusal: HTTPParseError?
        while true {
            do throws(HTTPParseError) {
                switch try parser.next(bytes.span, consumed: &consumed) {
                case .needMore: return (refusal, ends, byteCount, parser)
                case .head: break
                case .body(let range): byteCount += range.count
                case .end: ends += 1
                }
            } catch {
                refusal = error
                guard skipsBody, parser.skipBody() else { return (refusal, ends, byteCount, parser) }
            }
        }
    }

    private static let head = "POST / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n"

    @Test(arguments: [
        ("Content-Length: 10\r\n\r\n0123456789", 10),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n7\r\n0123456\r\n0\r\nX: y\r\n\r\n", 10),
        ("Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", 10),
    ])
    func `a body over its bound is skipped to its end, and the next request follows`(rest: String, byteCount: Int) {
        let next = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        let outcome = steps(Self.head + rest + next, limits: HTTPLimits(bodyBytesMax: 4))
        #expect(outcome.error == .bodyTooLarge)
        #expect(outcome.ends == 2)
        #expect(outcome.byteCount == byteCount)
        let final = steps(Self.head + rest, limits: HTTPLimits(bodyBytesMax: 4), skipsBody: false)
        #expect(final.error == .bodyTooLarge && final.ends == 0)
    }

    @Test(arguments: ["X y: z\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nx\r\n"])
    func `a malformed request stays refused`(rest: String) {
        var outcome = steps(Self.head + rest)
        #expect(outcome.error != nil && outcome.ends == 0)
        let isSkippable = outcome.parser.skipBody()
        #expect(!isSkippable)
    }

    @Test(arguments: ["Expect: x\r\n\r\n", "Content-Length: x\r\n\r\n", "X y: z\r\n", "X: y\r\n", "X: y"])
    func `the fields before a refusal are known`(rest: String) {
        #expect(steps(Self.head + rest).parser.unfinishedValue(of: .origin) == "https://a.example")
    }

    @Test func `a complete head has no unfinished fields`() {
        #expect(steps(Self.head + "\r\n").parser.unfinishedValue(of: .origin) == nil)
    }

    @Test(arguments: ["100-continue", "100-Continue , ", ",100-continue,100-continue"])
    func `an expectation may be in a list`(value: String) {
        #expect(steps(Self.head + "Expect: \(value)\r\nContent-Length: 1\r\n\r\n").error == nil)
    }
}
