import Testing

@testable import Server

@Suite struct FetchAnswerTests {
    /// The document, with the answer in pieces of `step` bytes, and the end of the connection after it.
    private static func document(_ text: String, step: Int = .max) throws(FetchError) -> FetchedDocument {
        var reader = FetchAnswerReader(byteCountMax: 10)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(step))
            rest = rest.dropFirst(part.count)
            if let answer = try reader.received(part) { return try FetchedDocument(answer) }
        }
        return try FetchedDocument(reader.ended())
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkeys",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nke\r\n2\r\nys\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nkeys", "HTTP/1.0 200 OK\r\n\r\nkeys",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkeys",
    ])
    func `a document arrives in any framing and in any pieces`(text: String) throws {
        for step in [1, 3, 1_000] {
            let document = try Self.document(text, step: step)
            #expect(document.body == Array("keys".utf8) && document.freshness == nil)
        }
    }

    @Test(arguments: [
        ("Cache-Control: max-age=60", 60), ("Cache-Control: public, Max-Age=3600, must-revalidate", 3_600),
        ("Cache-Control: max-age=60\r\nAge: 20", 40), ("Cache-Control: max-age=60\r\nAge: 100", 0),
        ("Cache-Control: no-store", 0), ("Cache-Control: no-cache, max-age=60", 0), ("Cache-Control: public", nil),
        ("Cache-Control: max-age=soon", nil), ("Expires: 0", nil),
    ])
    func `its freshness is what the server says`(fields: String, seconds: Int?) throws {
        let document = try Self.document("HTTP/1.1 200 OK\r\n\(fields)\r\nContent-Length: 0\r\n\r\n")
        #expect(document.freshness == seconds.map { .seconds($0) })
    }

    @Test(arguments: [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /k\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nelevenbytes", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nke",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nelevenbytes", "HTTP/1.1 200", "", "SSH-2.0-x\r\n",
    ])
    func `what is no document of that size is refused`(text: String) {
        #expect(throws: FetchError.self) { try Self.document(text) }
    }
}
