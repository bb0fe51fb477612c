import HTTPTypes
import Testing

@testable import HTTP

/// The events of a stream with the pieces of each body joined, so that two ways to cut it can be compared.
enum Event: Equatable {
    case head(RequestHead)
    case informational(ResponseHead)
    case responseHead(ResponseHead)
    case body([UInt8])
    case end
}

/// The outcome of a stream.
struct Outcome: Equatable {
    var events: [Event] = []
    var error: HTTPParseError?
    /// The bytes consumed in all.
    var consumedByteCount = 0

    mutating func appendBody(_ bytes: ArraySlice<UInt8>) {
        if case .body(let before) = events.last {
            events[events.count - 1] = .body(before + bytes)
        } else {
            events.append(.body(Array(bytes)))
        }
    }

    var heads: [RequestHead] {
        events.compactMap { event in if case .head(let head) = event { head } else { nil } }
    }

    var body: [UInt8] {
        events.reduce(into: []) { bytes, event in if case .body(let more) = event { bytes += more } }
    }

    var endCount: Int { events.count { $0 == .end } }
}

/// Cuts `bytes` at each of `cuts` and feeds the pieces to `parser` in order.
func feed(_ bytes: [UInt8], cuts: [Int] = [], to parser: inout RequestParser) -> Outcome {
    var outcome = Outcome()
    for piece in pieces(of: bytes, cuts: cuts) {
        var consumed = 0
        while true {
            do {
                let step = try parser.next(piece.span, consumed: &consumed)
                switch step {
                case .needMore: break
                case .head(let head): outcome.events.append(.head(head))
                case .body(let range): outcome.appendBody(piece[range])
                case .end: outcome.events.append(.end)
                }
                if step == .needMore { break }
            } catch {
                outcome.error = error
                return outcome
            }
        }
        precondition(consumed == piece.count, "needMore leaves nothing over")
        outcome.consumedByteCount += consumed
    }
    return outcome
}

func parse(_ bytes: [UInt8], cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()) -> Outcome {
    var parser = RequestParser(limits: limits)
    return feed(bytes, cuts: cuts, to: &parser)
}

func parse(_ text: String, limits: HTTPLimits = HTTPLimits()) -> Outcome {
    parse(Array(text.utf8), limits: limits)
}

/// The same for responses; `inputEnds` notifies the parser that the connection ended after the bytes.
func parseResponse(
    _ text: String,
    cuts: [Int] = [],
    answersHead: Bool = false,
    inputEnds: Bool = false,
    limits: HTTPLimits = HTTPLimits()
) -> Outcome {
    var parser = ResponseParser(limits: limits)
    parser.expectsHeadAnswer = answersHead
    var outcome = Outcome()
    do {
        for piece in pieces(of: Array(text.utf8), cuts: cuts) {
            var consumed = 0
            while true {
                let step = try parser.next(piece.span, consumed: &consumed)
                switch step {
                case .needMore: break
                case .informational(let head): outcome.events.append(.informational(head))
                case .head(let head): outcome.events.append(.responseHead(head))
                case .body(let range): outcome.appendBody(piece[range])
                case .end: outcome.events.append(.end)
                }
                if step == .needMore { break }
            }
            outcome.consumedByteCount += consumed
        }
        if inputEnds, try parser.inputEnded() == .end { outcome.events.append(.end) }
    } catch {
        outcome.error = error
    }
    return outcome
}

private func pieces(of bytes: [UInt8], cuts: [Int]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    for cut in cuts + [bytes.count] {
        pieces.append(Array(bytes[start..<cut]))
        start = cut
    }
    return pieces
}

/// Valid streams of requests, each with its expected outcome.
struct RequestVector: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let requestCount: Int
    var body = ""

    var testDescription: String { name }
    var bytes: [UInt8] { Array(text.utf8) }

    static let all: [RequestVector] = [
        RequestVector(name: "GET", text: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", requestCount: 1),
        RequestVector(name: "HTTP/1.0", text: "GET /a?b=c HTTP/1.0\r\n\r\n", requestCount: 1),
        RequestVector(
            name: "an empty line before the request",
            text: "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            requestCount: 1
        ),
        RequestVector(
            name: "a body by length",
            text: "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
            requestCount: 1,
            body: "hello"
        ),
        RequestVector(
            name: "a body of no bytes",
            text: "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            requestCount: 1
        ),
        RequestVector(
            name: "chunks",
            text: "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\nhello\r\n1\r\n \r\n006\r\nworld!\r\n0\r\n\r\n",
            requestCount: 1,
            body: "hello world!"
        ),
        RequestVector(
            name: "chunks with extensions and trailers",
            text: "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "A;a=b\r\n0123456789\r\n2 \t; c=\"d;e\"\r\n\r\n\r\n00;x\r\nX-Sum: 1\r\nY:\r\n\r\n",
            requestCount: 1,
            body: "0123456789\r\n"
        ),
        RequestVector(
            name: "three in a pipeline",
            text: "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
                + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n",
            requestCount: 3,
            body: "abcd"
        ),
        RequestVector(
            name: "an empty line between two requests",
            text: "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            requestCount: 2,
            body: "a"
        ),
        RequestVector(
            name: "the last request of a connection, and bytes after it",
            text: "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\u{0}\n",
            requestCount: 1
        ),
        RequestVector(
            name: "a WebSocket handshake",
            text: "GET /api/v1/shops/7/messages/stream?token=x HTTP/1.1\r\nHost: shop.example:8080\r\n"
                + "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            requestCount: 1
        ),
        RequestVector(
            name: "white space around values",
            text: "GET / HTTP/1.1\r\nHost:a\r\nX: \t y z \t \r\nY:\r\nZ:   \r\n\r\n",
            requestCount: 1
        ),
        RequestVector(
            name: "text beyond ASCII in a value",
            text: "GET / HTTP/1.1\r\nHost: a\r\nX: süß\r\n\r\n",
            requestCount: 1
        ),
        RequestVector(
            name: "an absolute target",
            text: "GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
            requestCount: 1
        ),
        RequestVector(name: "OPTIONS *", text: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", requestCount: 1),
    ]
}
