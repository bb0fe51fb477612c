import HTTPTypes

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
