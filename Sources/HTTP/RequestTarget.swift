import HTTPTypes

/// The target of a request (RFC 9112, section 3.2): origin-form, absolute-form, or `*` for `OPTIONS`.
struct RequestTarget: Sendable {
    /// The path as received, which begins with a slash, or `*`.
    let path: String
    /// The text after the `?`, as received; nil without a `?`.
    let query: String?
    /// The authority of the absolute-form, which replaces `Host`.
    let authority: String?

    /// Parses a target, which is not empty and contains only visible ASCII. Throws `malformedTarget`, `malformedHost`,
    /// `malformedPercentEncoding` or, for `CONNECT`, `methodNotImplemented`.
    init(parsing target: Span<UInt8>, method: HTTPRequest.Method) throws(HTTPParseError) {
        if method == .connect { throw .methodNotImplemented }
        if target[0] == ASCII.slash {
            (path, query) = try Self.split(target)
            authority = nil
            return
        }
        if target.count == 1, target[0] == UInt8(ascii: "*") {
            guard method == .options else { throw .malformedTarget }
            (path, query, authority) = ("*", nil, nil)
            return
        }
        let start: Int
        if ASCII.hasPrefix(target, ignoringCase: "http://") {
            start = 7
        } else if ASCII.hasPrefix(target, ignoringCase: "https://") {
            start = 8
        } else {
            throw .malformedTarget
        }
        var end = start
        while end < target.count, target[end] != ASCII.slash, target[end] != ASCII.questionMark { end += 1 }
        let host = target.extracting(start..<end)
        guard Authority.isValid(host), let text = ASCII.text(host) else { throw .malformedHost }
        authority = text
        let (path, query) = try Self.split(target.extracting(end..<target.count))
        self.query = query
        // An absolute target without a path means the root, or for OPTIONS the server itself (section 3.2.4).
        self.path = path.isEmpty ? (method == .options && query == nil ? "*" : "/") : path
    }

    /// Splits at the first `?` and checks both parts.
    private static func split(_ bytes: Span<UInt8>) throws(HTTPParseError) -> (path: String, query: String?) {
        let end = ASCII.firstIndex(of: ASCII.questionMark, in: bytes) ?? bytes.count
        var index = 0
        while index < end {
            let byte = bytes[index]
            guard isAllowed(byte), byte != UInt8(ascii: "\\") else { throw .malformedTarget }
            if byte == ASCII.percent, !PercentCoding.isTriplet(bytes.extracting(0..<end), at: index) {
                throw .malformedPercentEncoding
            }
            index += 1
        }
        while index < bytes.count {
            guard isAllowed(bytes[index]) else { throw .malformedTarget }
            index += 1
        }
        guard let path = ASCII.text(bytes.extracting(0..<end)) else { throw .malformedTarget }
        if end == bytes.count { return (path, nil) }
        guard let query = ASCII.text(bytes.extracting(end + 1..<bytes.count)) else { throw .malformedTarget }
        return (path, query)
    }

    /// Visible ASCII except the delimiters of a URI in text and the mark of a fragment. Accepts more than the grammar:
    /// the characters that browsers send unencoded (`|`, `[`, `{` …).
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"): false
        default: byte &- 0x21 < 0x5e
        }
    }
}
