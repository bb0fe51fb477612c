import CLiburing
import Glibc
import Primitives

/// The address on which a server listens: an IP address and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The IP address as text, with the brackets of IPv6.
    public let host: String
    /// The port; 0 lets the kernel choose.
    public let port: UInt16
    /// Whether it is IPv6 (`::` accepts IPv4 as well).
    public let isIPv6: Bool

    /// Parses `HOST:PORT`: an IPv4 address, an IPv6 address in brackets, `localhost`, or `*` for every address.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            text[text.index(after: colon)...].utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host == "*" || host.isEmpty { host = "0.0.0.0" }
        self.port = port
        if host.hasPrefix("["), host.hasSuffix("]") {
            var address = in6_addr()
            // SAFETY: the calls read or write locals and keep no pointer.
            guard unsafe inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
            isIPv6 = true
        } else {
            var address = in_addr()
            guard unsafe inet_pton(AF_INET, host, &address) == 1 else { return nil }
            isIPv6 = false
        }
        self.host = host
    }

    /// Whether both are one address, however it is written.
    public func isSame(as other: ListenAddress) -> Bool {
        port == other.port && isIPv6 == other.isIPv6 && hostAddress == other.hostAddress
    }

    /// Whether one connection could match both addresses: equal ports, and equal hosts or a wildcard for one of them.
    public func overlaps(_ other: ListenAddress) -> Bool {
        guard port != 0, port == other.port else { return false }
        return hostAddress == other.hostAddress || covers(other) || other.covers(self)
    }

    /// Whether only processes of this machine reach the address.
    public var isLoopback: Bool { hostAddress?.isLoopback == true }

    /// `0.0.0.0` covers IPv4, `::` covers all.
    private func covers(_ other: ListenAddress) -> Bool {
        if hostAddress == PeerAddress(high: 0, low: 0) { return true }
        return hostAddress == PeerAddress(ipv4: 0) && other.hostAddress?.isIPv4 == true
    }

    /// The host without the brackets of IPv6; IPv4 mapped into IPv6 is IPv4.
    private var hostAddress: PeerAddress? { PeerAddress(isIPv6 ? String(host.dropFirst().dropLast()) : host) }

    /// `HOST:PORT`.
    public var description: String { "\(host):\(port)" }
}

/// An IP address and a TCP port: the destination of a connection.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The network address.
    public let host: PeerAddress
    /// The port, in the byte order of this machine.
    public let port: UInt16

    /// The address of a host and a port.
    public init(_ host: PeerAddress, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `HOST:PORT`, with the brackets of IPv6.
    public var description: String { host.isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }
}
