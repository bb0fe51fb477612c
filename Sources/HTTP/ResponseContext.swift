import HTTPTypes

/// What a response has to know of its request: whether a body is wanted, and what becomes of the connection.
public struct ResponseContext: Hashable, Sendable {
    /// What the response says about the connection.
    public enum Connection: Hashable, Sendable {
        /// It goes on; in HTTP/1.1 that needs no word.
        case persists
        /// It goes on, and the client of HTTP/1.0 that asked for it is told.
        case persistsHTTP10
        /// It ends behind this response.
        case closes
    }

    /// Whether the request was `HEAD`: the head is as for `GET`, the body stays away.
    public let omitsBody: Bool
    /// What the response says about the connection.
    public let connection: Connection
    /// Whether the client knows chunks: one of HTTP/1.1 does (RFC 9112, section 7.1).
    public let acceptsChunks: Bool

    /// The context of a response to `head`. `keepAlive` false ends the connection although the client would go on,
    /// as when the server drains.
    public init(_ head: RequestHead, keepAlive: Bool = true) {
        omitsBody = head.method == .head
        acceptsChunks = head.version == .http11
        connection =
            if !keepAlive || !head.keepAlive { .closes } else {
                switch head.version {
                case .http10: .persistsHTTP10
                case .http11: .persists
                }
            }
    }

    private init(omitsBody: Bool, connection: Connection, acceptsChunks: Bool) {
        self.omitsBody = omitsBody
        self.connection = connection
        self.acceptsChunks = acceptsChunks
    }

    /// The same for a response whose end is the connection's.
    public var endingConnection: Self {
        Self(omitsBody: omitsBody, connection: .closes, acceptsChunks: acceptsChunks)
    }

    /// The answer to bytes that were no request, or to one whose body is not read: the connection ends behind it.
    public static let closing = ResponseContext(omitsBody: false, connection: .closes, acceptsChunks: true)

    /// Whether the connection goes on behind the response.
    public var keepsConnection: Bool { connection != .closes }
}
