public import HTTP
public import HTTPTypes
internal import JSON

/// The response of a handler.
public struct Response: Sendable {
    /// Its status.
    public var status: HTTPResponse.Status
    /// The type of its body; nil for a response without one.
    public var contentType: StaticString?
    /// Further fields.
    public var fields: FieldLines
    /// Its body.
    public var body: ResponseBody

    /// `{"status":…,"message":…,"data":…}`
    public static func enveloped(
        _ status: HTTPResponse.Status, message: StaticString, data: [UInt8]
    ) -> Response {
        var response = Response(status: status)
        response.body = .enveloped(Envelope(status, message: message, data: data))
        return response
    }

    /// A response whose whole body exists.
    public init(
        status: HTTPResponse.Status = .ok, contentType: StaticString? = "application/json", fields: FieldLines = [:],
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
        contentType: StaticString? = "application/json", fields: FieldLines = [:], byteCount: Int? = nil,
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
    /// The same, and its data is shared with others: it is written into the response without a copy between.
    case enveloped(Envelope)
    /// The body is produced while it is sent; `first` is its beginning.
    case pieces(first: [UInt8], rest: any ResponsePieces, byteCount: Int?)
}

/// A body `{"status":…,"message":…,"data":…}` whose data is JSON.
public struct Envelope: Sendable {
    private static let beforeStatus: StaticString = "{\"status\":"
    private static let beforeMessage: StaticString = ",\"message\":\""
    private static let beforeData: StaticString = "\",\"data\":"
    private static let end: StaticString = "}"

    private let status: Int
    private let message: StaticString
    private let data: [UInt8]

    init(_ status: HTTPResponse.Status, message: StaticString, data: [UInt8]) {
        precondition(100...999 ~= status.code, "a status has three digits")
        self.status = status.code
        self.message = message
        self.data = data
    }

    /// Its length in bytes.
    public var byteCount: Int {
        let texts =
            Self.beforeStatus.utf8CodeUnitCount + Self.beforeMessage.utf8CodeUnitCount
            + message.utf8CodeUnitCount + Self.beforeData.utf8CodeUnitCount + Self.end.utf8CodeUnitCount
        return texts + 3 + data.count
    }

    /// Appends it. O(bytes).
    public func append(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        swap(&writer.bytes, &bytes)
        writer.raw(Self.beforeStatus)
        writer.number(status)
        writer.raw(Self.beforeMessage)
        writer.raw(message)
        writer.raw(Self.beforeData)
        writer.raw(data)
        writer.raw(Self.end)
        swap(&writer.bytes, &bytes)
    }
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
