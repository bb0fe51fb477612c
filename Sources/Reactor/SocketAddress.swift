import Primitives

/// An IP address and a TCP port: where a connection goes to.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The network address.
    public let host: PeerAddress
    /// The port, in the byte order of this machine.
    public let port: UInt16

    /// Joins the parts.
    public init(_ host: PeerAddress, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `HOST:PORT`, with the brackets of IPv6.
    public var description: String { host.isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }
}
