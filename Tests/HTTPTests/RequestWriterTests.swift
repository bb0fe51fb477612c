import HTTPTypes
import Testing

@testable import HTTP

@Suite struct RequestWriterTests {
    @Test func `a request without a body`() {
        var bytes: [UInt8] = []
        RequestWriter.append(.get, target: "/a?b=c", authority: "h:1", fields: [.accept: "*/*"], to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\n\r\n")
    }

    @Test func `requests that are written are read back`() throws {
        var bytes: [UInt8] = []
        let body = Array("{\"message\":\"a\"}".utf8)
        RequestWriter.append(.post, target: "/x", authority: "h", fields: [.contentType: "a/b"], body: body, to: &bytes)
        RequestWriter.append(.delete, target: "/y", authority: "h", body: [], to: &bytes)
        let outcome = parse(bytes)
        #expect(outcome.error == nil)
        #expect(outcome.heads.map(\.method) == [.post, .delete])
        #expect(outcome.heads.map(\.body) == [.length(body.count), .length(0)])
        #expect(outcome.heads.first?.fields[.contentType] == "a/b")
        #expect(outcome.body == body)
    }

    @Test func `a line break in the target stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var bytes: [UInt8] = []
            RequestWriter.append(.get, target: "/ HTTP/1.1\r\nX:", authority: "a", to: &bytes)
        }
    }

    @Test func `a line break in the authority stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var bytes: [UInt8] = []
            RequestWriter.append(.get, target: "/", authority: "a\r\nX: y", to: &bytes)
        }
    }
}
