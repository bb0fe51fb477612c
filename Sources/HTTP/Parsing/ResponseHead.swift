public import HTTPTypes

/// How the body of a response is delimited.
public enum ResponseBodyKind: Hashable, Sendable {
    /// The response has no body: the status has none, or the request was `HEAD`.
    case none
    /// That many bytes, 0 or more.
    case length(Int)
    /// Chunks.
    case chunked
    /// All bytes until the connection ends.
    case untilClose
}

/// A response without its body.
public struct ResponseHead: Hashable, Sendable {
    /// The status; its reason phrase is not kept.
    public let status: HTTPResponse.Status
    /// The version of the response.
    public let version: HTTPVersion
    /// The fields in their order, including the framing fields.
    public let fields: HTTPFields
    /// How the body is delimited.
    public let body: ResponseBodyKind
    /// Whether another request may be sent on the connection.
    public let keepAlive: Bool

    /// Combines a status line and its fields (RFC 9112, section 6.3).
    init(_ line: StatusLine, fields: HTTPFields, answersHead: Bool) throws(HTTPParseError) {
        let framing = try MessageFraming(fields, version: line.version)
        let body: ResponseBodyKind =
            if answersHead || line.status.code < 200 || line.status.code == 204 || line.status.code == 304 {
                .none
            } else if framing.isChunked {
                .chunked
            } else if let length = framing.contentLength {
                .length(length)
            } else {
                .untilClose
            }
        self.status = line.status
        self.version = line.version
        self.fields = fields
        self.body = body
        self.keepAlive = body != .untilClose && framing.isPersistent(in: line.version)
    }
}

/// The first line of a response (RFC 9112, section 4).
struct StatusLine: Sendable {
    let version: HTTPVersion
    let status: HTTPResponse.Status

    /// Parses `version SP 3DIGIT [SP reason]`.
    init(parsing line: Span<UInt8>) throws(HTTPParseError) {
        let codeStart = HTTPVersion.byteCount + 1
        let codeEnd = codeStart + 3
        guard line.count >= codeEnd, line[codeStart - 1] == ASCII.space,
            line.count == codeEnd || line[codeEnd] == ASCII.space
        else { throw .malformedStatusLine }
        version = try HTTPVersion(
            parsing: line.extracting(0..<HTTPVersion.byteCount),
            malformed: .malformedStatusLine
        )
        var code = 0
        for index in codeStart..<codeEnd {
            guard ASCII.isDigit(line[index]) else { throw .malformedStatusLine }
            code = code * 10 + Int(line[index] - UInt8(ascii: "0"))
        }
        guard code >= 100 else { throw .malformedStatusLine }
        status = HTTPResponse.Status(code: code)
    }
}
