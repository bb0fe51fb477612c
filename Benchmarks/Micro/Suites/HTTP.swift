import HTTP
import HTTPTypes
import Primitives

/// The POST of a message as a mobile client sends it, and its response.
let httpBenchmarks = [
    Benchmark(
        name: "http-parse-post", operation: "a POST with eight fields and 500 bytes of body", batchOperationCount: 200
    ) {
        let request = Array(postText.utf8)
        var parser = RequestParser()
        return Benchmark.Batch { parse(request, count: 200, with: &parser) }
    },
    Benchmark(
        name: "http-write-created", operation: "a 201 with two fields and 500 bytes of body", batchOperationCount: 500
    ) {
        let context = ResponseContext(
            RequestHead(method: .post, path: "/api/v1/shops/messages", authority: "localhost"))
        let body = [UInt8](repeating: 0x78, count: 500)
        let fields: FieldLines = [.cacheControl: "no-store", .vary: "Origin"]
        var writer = ResponseWriter()
        var output: [UInt8] = []
        return Benchmark.Batch {
            write(body, fields, context, count: 500, with: &writer, into: &output)
        }
    },
]

private let postText =
    [
        "POST /api/v1/shops/messages HTTP/1.1", "Host: chat.example.com", "User-Agent: Dart/3.5 (dart:io)",
        "Accept: application/json", "Accept-Encoding: gzip", "Content-Type: application/json; charset=utf-8",
        "Authorization: Bearer \(String(repeating: "t", count: 200))", "X-Request-ID: 5f1c7e0a",
        "Content-Length: 500", "", "",
    ].joined(separator: "\r\n") + String(repeating: "x", count: 500)

private func parse(_ request: [UInt8], count: Int, with parser: inout RequestParser) {
    for _ in 0..<count {
        var consumed = 0
        var hasEnded = false
        do {
            loop: while true {
                switch try parser.next(request.span, consumed: &consumed) {
                case .needMore: break loop
                case .head(let head): keep(head)
                case .body: continue
                case .end: hasEnded = true
                }
            }
        } catch {
            preconditionFailure("the request is valid: \(error)")
        }
        precondition(hasEnded, "the request is whole")
    }
}

private func write(
    _ body: [UInt8], _ fields: FieldLines, _ context: ResponseContext, count: Int,
    with writer: inout ResponseWriter, into output: inout [UInt8]
) {
    let now = Timestamp(microsecondsSinceEpoch: 1_767_454_200_000_000)
    for _ in 0..<count {
        output.removeAll(keepingCapacity: true)
        writer.append(
            .created, contentType: "application/json", fields: fields, body: body.span, context: context, at: now,
            to: &output)
    }
}
