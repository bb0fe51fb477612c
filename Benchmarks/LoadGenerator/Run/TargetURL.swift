import Primitives
import Reactor

/// The server of a run, as a URL names it.
package struct TargetURL: Hashable, Sendable {
    /// Whether connections use TLS: the scheme is `https`.
    package let isSecure: Bool
    /// The address to connect to.
    package let address: SocketAddress
    /// The server's authority, as requests name it.
    package let authority: String
    /// The name or address that the server's certificate must have.
    package let serverName: String

    /// Parses `http://HOST:PORT` or `https://HOST:PORT`. The host is an IP address or `localhost`. Without a port it is
    /// 80 or 443. A path is ignored.
    package init(_ text: String) throws(LoadConfigurationError) {
        let schemes = [("http://", false, 80), ("https://", true, 443)]
        guard let (scheme, isSecure, defaultPort) = schemes.first(where: { text.hasPrefix($0.0) }) else {
            throw LoadConfigurationError("'\(text)': http://HOST:PORT or https://HOST:PORT is expected")
        }
        let authority = String(text.dropFirst(scheme.count).prefix { $0 != "/" })
        let hasPort = authority.contains(":") && !authority.hasSuffix("]")
        let hostAndPort = hasPort ? authority : authority + ":\(defaultPort)"
        guard let address = ListenAddress(hostAndPort), !hostAndPort.hasPrefix("*"), !hostAndPort.hasPrefix(":"),
            let host = PeerAddress(Self.withoutBrackets(address.host)), address.port > 0
        else {
            throw LoadConfigurationError(
                "'\(text)': \(scheme)HOST:PORT with an IP address or localhost is expected")
        }
        self.isSecure = isSecure
        self.address = SocketAddress(host, port: address.port)
        self.authority = authority
        let name = hostAndPort.lastIndex(of: ":").map { hostAndPort[..<$0] } ?? hostAndPort[...]
        serverName = Self.withoutBrackets(String(name))
    }

    private static func withoutBrackets(_ host: String) -> String { host.filter { $0 != "[" && $0 != "]" } }
}
