public import HTTPTypes
internal import JSON

/// The response of a handler.
public struct Response: Sendable {
    /// Its status.
    public var status: HTTPResponse.Status
    /// The type of its body; nil for a response without one.
    public var contentType: String?
    /// Further fields.
    public var fields: HTTPFields
    /// Its body.
    public var body: ResponseBody

    /// `{"status":…,"message":…,"data":…}`
    public static func enveloped(
        _ status: HTTPResponse.Status, message: StaticString, data: [UInt8]
    ) -> Response {
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

    /// A response whose whole body exists.
    public init(
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
    public init(
        contentType: String? = "application/json", fields: HTTPFields = [:], byteCount: Int? = nil,
        producedBy pieces: some ResponsePieces
    ) async throws(APIError) {
        status = .ok
        self.contentType = contentType
        self.fields = fields
        var pieces = pieces
        let first = try await pieces.next()
        body =
            first.isLast ? .whole(first.bytes) : .pieces(first: first.bytes, rest: pieces, byteCount: byteCount)
    }

    /// The response that reports an error.
    public init(_ error: APIError) {
        self.init(status: error.status, fields: error.fields, body: error.body)
    }
}

/// The body of a response.
public enum ResponseBody: Sendable {
    /// The whole body exists: the common, small case.
    case whole([UInt8])
    /// The body is produced while it is sent; `first` is its beginning.
    case pieces(first: [UInt8], rest: any ResponsePieces, byteCount: Int?)
}

/// Produces the body of a response, piece by piece, as the client takes them. At most one piece is in memory, in
/// addition to what the producer needs for the next. Called by the request's own task, on its reactor.
public protocol ResponsePieces: Sendable {
    /// The next piece; not called again after the last. An error ends the connection, as the head was sent already.
    /// Before it works on any piece but the first, which is sent with the head, it awaits `Context.pieceTurn`.
    mutating func next() async throws(APIError) -> ResponsePiece
}

/// A piece of a body, `Limits.responsePieceByteCount` bytes or a little more. Only the last may be empty.
public struct ResponsePiece: Sendable {
    /// Its bytes.
    public var bytes: [UInt8]
    /// Whether the body ends with it.
    public var isLast: Bool

    /// Creates a piece.
    public init(bytes: [UInt8], isLast: Bool) {
        self.bytes = bytes
        self.isLast = isLast
    }
}
