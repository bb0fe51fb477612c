public import HTTPTypes

/// How the body of a request is delimited.
public enum RequestBodyKind: Hashable, Sendable {
    /// There is none.
    case none
    /// That many bytes, 0 or more.
    case length(Int)
    /// Chunks, whose sum is not known beforehand.
    case chunked
}

/// Everything of a request but its body.
public struct RequestHead: Hashable, Sendable {
    /// The method; any token, so a router decides which there are.
    public let method: HTTPRequest.Method
    /// The path as it came, still percent-encoded (and known to be so without error): `/…`, or `*` for `OPTIONS`.
    public let path: String
    /// What follows the `?` as it came; nil when there is none.
    public let rawQuery: String?
    /// Host and perhaps port, of the target when that is absolute, else of `Host`; nil only in HTTP/1.0.
    public let authority: String?
    /// The version of the request.
    public let version: HTTPVersion
    /// The fields in their order, `Host` and those of framing among them.
    public let fields: HTTPFields
    /// How the body is delimited.
    public let body: RequestBodyKind
    /// Whether the client means to send another request on the connection (RFC 9112, section 9.3).
    public let keepAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
    public let expectsContinue: Bool
    /// Whether `Connection` has the token `upgrade`, in HTTP/1.1; which protocol is in `Upgrade`.
    public let upgradeRequested: Bool

    /// A head as a parser would make it, for tests of handlers.
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

    /// Joins a request line and its fields, and applies the rules that hold between them.
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
            // A client of 1.0 does not know the interim answer, and one without a body does not wait for it.
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

    /// Reads `method SP target SP version`, each separated by exactly one space. The version is looked at first, so
    /// that the preface of HTTP/2 is told that its version is not spoken here.
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

/// The versions that this module speaks.
public enum HTTPVersion: Hashable, Sendable {
    /// HTTP/1.0: connections end after the answer unless `keep-alive` is asked for; no chunks.
    case http10
    /// HTTP/1.1, and every later 1.x, which a recipient treats as 1.1 (RFC 9110, section 2.5).
    case http11

    /// The number of bytes of `HTTP/1.1`.
    static let byteCount = 8

    /// Reads `HTTP/1.x`; throws `versionNotSupported` for other majors and `malformed` for anything else.
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
