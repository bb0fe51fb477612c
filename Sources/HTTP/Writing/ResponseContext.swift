import HTTPTypes

/// What a response depends on in its request: whether to send a body, and whether the connection persists.
public struct ResponseContext: Hashable, Sendable {
    /// What the response says about the connection.
    public enum Connection: Hashable, Sendable {
        /// The connection persists; HTTP/1.1 needs no field for this.
        case persists
        /// The connection persists, and a field confirms it to the HTTP/1.0 client that asked for it.
        case persistsHTTP10
        /// The connection ends after this response.
        case closes
    }

    /// Whether the request was `HEAD`: the head is as for `GET`, and the body is omitted.
    public let omitsBody: Bool
    /// What the response says about the connection.
    public let connection: Connection
    /// Whether the client accepts chunks: every HTTP/1.1 client does (RFC 9112, section 7.1).
    public let acceptsChunks: Bool

    /// The context of a response to `head`. When `keepAlive` is false the connection ends even if the client would keep
    /// it, for example because the server drains.
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

    /// The same context for a response whose end is the end of the connection.
    public var endingConnection: Self {
        Self(omitsBody: omitsBody, connection: .closes, acceptsChunks: acceptsChunks)
    }

    /// The context for bytes that are not a request, or for a request whose body is not read: the connection ends after
    /// the response.
    public static let closing = ResponseContext(omitsBody: false, connection: .closes, acceptsChunks: true)

    /// Whether the connection persists after the response.
    public var keepsConnection: Bool { connection != .closes }
}
