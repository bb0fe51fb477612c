import HTTP
import HTTPTypes
import JSON

/// The body of a response.
enum ResponseBody: Sendable {
    /// All of it is there: the common, small case.
    case whole([UInt8])
    /// It is produced while it is sent; `first` is its beginning.
    case pieces(first: [UInt8], rest: any ResponsePieces, byteCount: Int?)
}

/// Produces the body of a response, piece by piece, as the client takes them: never is more than one piece in memory,
/// beside what the producer needs for the next. The request's own task asks, on its reactor.
protocol ResponsePieces: Sendable {
    /// The next piece; not called again after the last. What it throws ends the connection: the head is gone by then.
    /// Before it works on any but the first, which goes with the head, it awaits `Shard.pieceTurn`.
    mutating func next() async throws(APIError) -> ResponsePiece
}

/// A piece of a body, `ServerLimits.responsePieceByteCount` bytes or a little more; empty at most as the last.
struct ResponsePiece: Sendable {
    var bytes: [UInt8]
    var isLast: Bool
}

/// What a handler answers.
struct Response: Sendable {
    var status: HTTPResponse.Status = .ok
    var contentType: String? = "application/json"
    var fields: HTTPFields = [:]
    var body = ResponseBody.whole([])

    /// `{"status":…,"message":…,"data":…}`
    static func enveloped(_ status: HTTPResponse.Status, message: StaticString, data: [UInt8]) -> Response {
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(data.count + 96)
        writer.raw("{\"status\":")
        writer.number(status.code)
        writer.raw(",\"message\":\"")
        writer.raw(message)
        writer.raw("\",\"data\":")
        writer.raw(data)
        writer.raw("}")
        return Response(status: status, body: writer.bytes)
    }

    init(
        status: HTTPResponse.Status = .ok, contentType: String? = "application/json", fields: HTTPFields = [:],
        body: [UInt8] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = .whole(body)
    }

    /// A response whose body is produced while it is sent, `byteCount` bytes when that is known.
    ///
    /// The first piece is produced here, before the head goes out: a failure up to then is a status. A body that fits
    /// it is sent whole.
    init(
        contentType: String? = "application/json", fields: HTTPFields = [:], byteCount: Int? = nil,
        producedBy pieces: some ResponsePieces
    ) async throws(APIError) {
        self.contentType = contentType
        self.fields = fields
        var pieces = pieces
        let first = try await pieces.next()
        body =
            first.isLast ? .whole(first.bytes) : .pieces(first: first.bytes, rest: pieces, byteCount: byteCount)
    }

    init(_ error: APIError) {
        self.init(status: error.status, fields: error.fields, body: error.body)
    }
}
