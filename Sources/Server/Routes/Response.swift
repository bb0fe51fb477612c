import HTTP
import HTTPTypes
import JSON

/// The body of a response.
enum ResponseBody: Sendable {
    /// The whole body exists: the common, small case.
    case whole([UInt8])
    /// The body is produced while it is sent; `first` is its beginning.
    case pieces(first: [UInt8], rest: any ResponsePieces, byteCount: Int?)
}

/// Produces the body of a response, piece by piece, as the client takes them. At most one piece is in memory, in
/// addition to what the producer needs for the next. Called by the request's own task, on its reactor.
protocol ResponsePieces: Sendable {
    /// The next piece; not called again after the last. An error ends the connection, as the head was sent already.
    /// Before it works on any piece but the first, which is sent with the head, it awaits `Shard.pieceTurn`.
    mutating func next() async throws(APIError) -> ResponsePiece
}

/// A piece of a body, `ServerLimits.responsePieceByteCount` bytes or a little more. Only the last may be empty.
struct ResponsePiece: Sendable {
    var bytes: [UInt8]
    var isLast: Bool
}

/// The response of a handler.
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
    /// The first piece is produced here, before the head is sent, so that a failure up to then becomes a status. A body
    /// that fits into the first piece is sent whole.
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
