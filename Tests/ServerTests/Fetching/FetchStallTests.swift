import Testing

@testable import Server

/// Servers that accept a connection and then stop answering.
@Suite(.timeLimit(.minutes(5))) struct FetchStallTests {
    @Test(
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nke",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nkeys\r\n", "HTTP/1.1 200 OK\r\n\r\nkeys",
        ], [false, true])
    func `a fetch ends after its wait wherever the server stalls`(text: String, isSecure: Bool) throws {
        let server = try ScriptedServer(.init(text: isSecure ? "" : text, stalls: true))
        defer { server.end() }
        let url = try server.url(isSecure: isSecure)
        #expect(throws: FetchError(reason: "no answer in time")) {
            try FetchedDocument(of: url, byteCountMax: 1_024, wait: .milliseconds(50))
        }
    }
}
