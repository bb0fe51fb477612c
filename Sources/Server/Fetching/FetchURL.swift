import Primitives
import Reactor

/// A URL that the server sends requests to: `https`, or `http` where that is allowed.
struct FetchURL: Hashable, Sendable, CustomStringConvertible {
    let isSecure: Bool
    /// A name, or an IP address without the brackets of IPv6.
    let host: String
    let port: UInt16
    /// The path and the query; at least `/`.
    let target: String
    private let text: String

    /// The `Host` field (RFC 9110, section 7.2).
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    var description: String { text }

    /// Parses a URL; nil for another scheme, for a user or password, for characters that belong encoded, and for `http`
    /// to another machine unless `allowsPlain`. A fragment is dropped.
    init?(_ text: String, allowsPlain: Bool = false) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        var rest = text[...]
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        if rest.hasPrefix("https://") {
            isSecure = true
        } else if rest.hasPrefix("http://") {
            isSecure = false
        } else {
            return nil
        }
        rest = rest.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(authority.count)
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
        guard !authority.contains("@"), let (host, port) = Self.parse(authority) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        self.text = text
        if !isSecure, !allowsPlain {
            guard host == "localhost" || PeerAddress(host)?.isLoopback == true else { return nil }
        }
    }

    private static func parse(_ authority: Substring) -> (host: String, port: UInt16?)? {
        var host = authority
        var portText: Substring?
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { return nil }
        guard let portText else { return (String(host), nil) }
        guard let port = UInt16(portText), port > 0 else { return nil }
        return (String(host), port)
    }
}
