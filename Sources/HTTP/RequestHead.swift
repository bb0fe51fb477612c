public import HTTPTypes

/// How the body of a request is delimited.
public enum RequestBodyKind: Hashable, Sendable {
    /// The request has no body.
    case none
    /// That many bytes, 0 or more.
    case length(Int)
    /// Chunks, whose total is not known in advance.
    case chunked
}

/// A request without its body.
public struct RequestHead: Hashable, Sendable {
    /// The method: any token; the router decides which are served.
    public let method: HTTPRequest.Method
    /// The path as received, validated and still percent-encoded: `/…`, or `*` for `OPTIONS`.
    public let path: String
    /// The text after the `?`, as received; nil when there is none.
    public let rawQuery: String?
    /// The host and optional port, from an absolute target or else from `Host`; nil only in HTTP/1.0.
    public let authority: String?
    /// The version of the request.
    public let version: HTTPVersion
    /// The fields in their order, including `Host` and the framing fields.
    public let fields: HTTPFields
    /// How the body is delimited.
    public let body: RequestBodyKind
    /// Whether the client may send another request on the connection (RFC 9112, section 9.3).
    public let keepAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
    public let expectsContinue: Bool
    /// Whether `Connection` has the token `upgrade`, in HTTP/1.1; `Upgrade` names the protocol.
    public let upgradeRequested: Bool

    /// A head as a parser would return it, for tests of handlers.
    public init(
        method: HTTPRequest.Method,
        path: String,
        rawQuery: String? = nil,
        authority: String? = nil,
        version: HTTPVersion = .http11,
        fields: HTTPFields = [:],
        body: RequestBodyKind = .none,
        keepAlive: Bool = true,
        expectsContinue: Bool = false,
        upgradeRequested: Bool = false
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.authority = authority
        self.version = version
        self.fields = fields
        self.body = body
        self.keepAlive = keepAlive
        self.expectsContinue = expectsContinue
        self.upgradeRequested = upgradeRequested
    }

    /// Combines a request line and its fields, and checks the rules that concern both.
    init(_ line: RequestLine, fields: HTTPFields) throws(HTTPParseError) {
        let framing = try MessageFraming(fields, version: line.version)
        if let host = framing.host {
            let utf8 = host.utf8
            guard Authority.isValid(utf8.span) else { throw .malformedHost }
        } else if line.version == .http11 {
            throw .hostMissing
        }
        let body: RequestBodyKind =
            if framing.isChunked { .chunked } else if let length = framing.contentLength { .length(length) } else {
                .none
            }
        let isHTTP11 = line.version == .http11
        self.init(
            method: line.method,
            path: line.target.path,
            rawQuery: line.target.query,
            authority: line.target.authority ?? framing.host,
            version: line.version,
            fields: fields,
            body: body,
            keepAlive: framing.isPersistent(in: line.version),
            // An HTTP/1.0 client does not know the interim response, and a client without a body does not wait for it.
            expectsContinue: framing.expectsContinue && isHTTP11 && body != .none && body != .length(0),
            upgradeRequested: framing.connection.contains(.upgrade) && isHTTP11
        )
    }

    /// The items of the query.
    public var query: QueryItems { QueryItems(rawQuery) }
}

/// The first line of a request (RFC 9112, section 3).
struct RequestLine: Sendable {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: HTTPVersion

    /// Parses `method SP target SP version`, with exactly one space between them. The version is checked first, so that
    /// the HTTP/2 preface is answered with `versionNotSupported`.
    init(parsing line: Span<UInt8>) throws(HTTPParseError) {
        guard let methodEnd = ASCII.firstIndex(of: ASCII.space, in: line),
            let targetEnd = ASCII.firstIndex(of: ASCII.space, in: line, from: methodEnd + 1),
            targetEnd > methodEnd + 1
        else { throw .malformedRequestLine }
        version = try HTTPVersion(
            parsing: line.extracting(targetEnd + 1..<line.count),
            malformed: .malformedRequestLine
        )
        let name = line.extracting(0..<methodEnd)
        guard ASCII.isToken(name), let text = ASCII.text(name), let method = HTTPRequest.Method(text) else {
            throw .malformedRequestLine
        }
        self.method = method
        target = try RequestTarget(parsing: line.extracting(methodEnd + 1..<targetEnd), method: method)
    }
}

/// The versions that this module supports.
public enum HTTPVersion: Hashable, Sendable {
    /// HTTP/1.0: the connection ends after the response unless the client asks for `keep-alive`; no chunks.
    case http10
    /// HTTP/1.1 and every later 1.x, which a recipient treats as 1.1 (RFC 9110, section 2.5).
    case http11

    /// The number of bytes of `HTTP/1.1`.
    static let byteCount = 8

    /// Parses `HTTP/1.x`. Throws `versionNotSupported` for other major versions and `malformed` for anything else.
    init(parsing bytes: Span<UInt8>, malformed: HTTPParseError) throws(HTTPParseError) {
        let prefix: StaticString = "HTTP/"
        guard bytes.count == Self.byteCount, ASCII.isDigit(bytes[5]), bytes[6] == UInt8(ascii: "."),
            ASCII.isDigit(bytes[7])
        else { throw malformed }
        var index = 0
        for byte in prefix.description.utf8 {
            guard bytes[index] == byte else { throw malformed }
            index += 1
        }
        guard bytes[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
        self = bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }
}
