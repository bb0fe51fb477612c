import HTTPTypes
import Primitives
import Testing

@testable import HTTP

@Suite struct ChunkedBodyTests {
    private static func response(
        _ pieces: [String], _ body: ResponseBodyKind, version: HTTPVersion = .http11
    ) -> [UInt8] {
        let head = RequestHead(method: .get, path: "/", version: version, keepAlive: body != .untilClose)
        let context = ResponseContext(head)
        var writer = ResponseWriter()
        var bytes: [UInt8] = []
        writer.appendHead(
            .ok, body: body, context: context, at: Timestamp(microsecondsSinceEpoch: 0), to: &bytes)
        for piece in pieces {
            let data = Array(piece.utf8)
            if body == .chunked { ChunkedBody.append(data.span, to: &bytes) } else { bytes += data }
        }
        return body == .chunked ? bytes + ChunkedBody.end : bytes
    }

    @Test func `chunks have their length in hexadecimal and end with an empty one`() {
        let text = String(decoding: Self.response(["", String(repeating: "x", count: 26)], .chunked), as: UTF8.self)
        #expect(
            text.hasSuffix(
                "\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n\(String(repeating: "x", count: 26))\r\n0\r\n\r\n"))
        #expect(!text.contains("Content-Length"))
    }

    @Test func `the parser reads back the written chunks`() throws {
        var parser = ResponseParser()
        let bytes = Self.response(["hello ", "world"], .chunked)
        var (offset, body) = (0, [UInt8]())
        reading: while true {
            switch try parser.next(bytes.span, consumed: &offset) {
            case .head(let head): #expect(head.body == .chunked && head.keepAlive)
            case .body(let range): body += bytes[range]
            case .end: break reading
            case .needMore, .informational:
                Issue.record("the response is not whole")
                return
            }
        }
        #expect(String(decoding: body, as: UTF8.self) == "hello world" && offset == bytes.count)
    }

    @Test func `a body that the connection ends names no length and ends the connection`() {
        let text = String(decoding: Self.response(["x"], .untilClose, version: .http10), as: UTF8.self)
        #expect(text.contains("Connection: close\r\n") && !text.contains("Content-Length"))
        #expect(!text.contains("Transfer-Encoding") && text.hasSuffix("\r\n\r\nx"))
    }

    @Test func `a client of HTTP 1.0 is sent no chunks`() async {
        await #expect(processExitsWith: .failure) { _ = Self.response(["x"], .chunked, version: .http10) }
    }
}
