/// The prefixes of the routes that clients use. Each route is served under each prefix, so that the server can take
/// over paths of an existing backend.
public struct RoutePrefixes: Hashable, Sendable {
    /// Paths without a trailing slash, at least one, without duplicates; empty for the root.
    public let paths: [String]

    /// The default prefix.
    public init() { paths = ["/api/v1"] }

    /// These prefixes; nil when there is none, or when one is not a path of literal segments.
    public init?(_ texts: [String]) {
        var paths: [String] = []
        for text in texts {
            let path = text.utf8.last == UInt8(ascii: "/") ? String(text.dropLast()) : text
            guard Self.isPath(path) else { return nil }
            if !paths.contains(path) { paths.append(path) }
        }
        guard !paths.isEmpty else { return nil }
        self.paths = paths
    }

    /// The prefix of a request, by its raw path; the first one when the path has none. URLs in the response have the
    /// same prefix: a proxy that forwarded this request forwards requests of them as well.
    package func prefix(of path: String) -> String {
        let candidates = paths.filter { path.utf8.starts(with: "\($0)/shops/".utf8) }
        return candidates.max { $0.utf8.count < $1.utf8.count } ?? paths[0]
    }

    /// Whether all segments have unreserved characters only (RFC 3986, section 2.3), so that nothing needs decoding.
    private static func isPath(_ text: String) -> Bool {
        guard !text.isEmpty else { return true }
        guard text.utf8.first == UInt8(ascii: "/") else { return false }
        return text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { segment in
                segment.contains { $0 != UInt8(ascii: ".") } && segment.allSatisfy(isUnreserved)
            }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
