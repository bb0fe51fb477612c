import HTTPTypes
import Primitives

/// The first line of a request (RFC 9112, section 3).
struct RequestLine: Sendable {
    let method: HTTPRequest.Method
    /// The target, whose ranges count from `targetStart`.
    let target: RequestTarget
    /// The offset of the target in the line.
    let targetStart: Int
    let version: HTTPVersion

    /// Parses `method SP target SP version`, with exactly one space between them. The version is checked first, so that
    /// the HTTP/2 preface is answered with `versionNotSupported`.
    init(parsing line: Span<UInt8>) throws(HTTPParseError) {
        guard let methodEnd = line.firstIndex(of: ASCII.space),
            let targetEnd = line.firstIndex(of: ASCII.space, from: methodEnd + 1),
            targetEnd > methodEnd + 1
        else { throw .malformedRequestLine }
        version = try HTTPVersion(
            parsing: line.extracting(targetEnd + 1..<line.count),
            malformed: .malformedRequestLine
        )
        method = try Self.method(line.extracting(0..<methodEnd))
        if method == .connect { throw .methodNotImplemented }
        targetStart = methodEnd + 1
        target = try RequestTarget(parsing: line.extracting(targetStart..<targetEnd), method: method)
    }

    /// The method of a name. Only an unusual one is copied.
    private static func method(_ name: Span<UInt8>) throws(HTTPParseError) -> HTTPRequest.Method {
        if ASCII.equals(name, "POST") { return .post }
        if ASCII.equals(name, "GET") { return .get }
        if ASCII.equals(name, "PUT") { return .put }
        if ASCII.equals(name, "DELETE") { return .delete }
        guard ASCII.isToken(name), let text = ASCII.text(name), let method = HTTPRequest.Method(text) else {
            throw .malformedRequestLine
        }
        return method
    }
}
