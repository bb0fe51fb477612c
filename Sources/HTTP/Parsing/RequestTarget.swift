import HTTPTypes

/// The target of a request (RFC 9112, section 3.2): origin-form, absolute-form, or `*` for `OPTIONS`. Its parts are
/// ranges of the target.
struct RequestTarget: Sendable {
    /// The path of a target.
    enum Path: Sendable {
        /// It begins with a slash.
        case received(Range<Int>)
        /// An absolute target without a path means the root.
        case root
        /// The server itself.
        case asterisk
    }

    let path: Path
    /// The text after the `?`; nil without a `?`.
    let query: Range<Int>?
    /// The authority of the absolute-form, which replaces `Host`.
    let authority: Range<Int>?

    /// Parses a target, which is not empty and contains only visible ASCII. Throws `malformedTarget`, `malformedHost`,
    /// `malformedPercentEncoding` or, for `CONNECT`, `methodNotImplemented`.
    init(parsing target: Span<UInt8>, method: HTTPRequest.Method) throws(HTTPParseError) {
        if target[0] == ASCII.slash {
            let (path, query) = try Self.split(target, from: 0)
            (self.path, self.query, authority) = (.received(path), query, nil)
            return
        }
        if target.count == 1, target[0] == UInt8(ascii: "*") {
            guard method == .options else { throw .malformedTarget }
            (path, query, authority) = (.asterisk, nil, nil)
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
        guard Authority.isValid(target.extracting(start..<end)) else { throw .malformedHost }
        authority = start..<end
        let (path, query) = try Self.split(target, from: end)
        self.query = query
        // For OPTIONS the server itself is meant (section 3.2.4).
        self.path = !path.isEmpty ? .received(path) : method == .options && query == nil ? .asterisk : .root
    }

    /// Splits at the first `?` from `start` on, and checks both parts.
    private static func split(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(HTTPParseError) -> (path: Range<Int>, query: Range<Int>?) {
        var index = ByteSet.path.end(in: bytes, from: start)
        while index < bytes.count, bytes[index] != ASCII.questionMark {
            guard bytes[index] == ASCII.percent else { throw .malformedTarget }
            guard PercentCoding.isTriplet(bytes, at: index) else { throw .malformedPercentEncoding }
            index = ByteSet.path.end(in: bytes, from: index + 1)
        }
        let path = start..<index
        guard index < bytes.count else { return (path, nil) }
        let query = index + 1..<bytes.count
        guard ByteSet.target.containsAll(bytes.extracting(query)) else { throw .malformedTarget }
        return (path, query)
    }
}
