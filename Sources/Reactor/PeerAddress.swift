import CLiburing
import Glibc

/// The network address of a peer, without its port: the key of limits by address.
public struct PeerAddress: Hashable, Sendable {
    /// IPv6, or IPv4 mapped into it (RFC 4291, section 2.5.5.2), in network byte order.
    public let high: UInt64
    /// The lower half; for IPv4 its last 32 bits are the address.
    public let low: UInt64

    /// Joins the halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address as a number (`127.0.0.1` is `0x7f000001`).
    public init(ipv4: UInt32) {
        high = 0
        low = 0x0000_ffff_0000_0000 | UInt64(ipv4)
    }

    /// Whether this is an address of the machine itself: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv4 ? (low >> 24) & 0xff == 127 : high == 0 && low == 1 }

    /// Whether this is IPv4.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }
}

extension PeerAddress: CustomStringConvertible {
    /// Dotted decimal for IPv4; eight groups of hexadecimal, not shortened, for IPv6.
    public var description: String {
        if isIPv4 {
            return [24, 16, 8, 0].map { String((low >> $0) & 0xff) }.joined(separator: ".")
        }
        let groups = [48, 32, 16, 0].map { (high >> $0) & 0xffff } + [48, 32, 16, 0].map { (low >> $0) & 0xffff }
        return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}

extension PeerAddress {
    /// Reads an IPv4 or IPv6 address, without brackets or port; nil when `text` is neither.
    public init?(_ text: String) {
        var address4 = in_addr()
        // SAFETY: the call writes a local of the size that its family has.
        if unsafe inet_pton(AF_INET, text, &address4) == 1 {
            self.init(ipv4: UInt32(bigEndian: address4.s_addr))
            return
        }
        var address6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &address6) == 1 else { return nil }
        let (high, low) = unsafe withUnsafeBytes(of: &address6) { bytes in
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: high, low: low)
    }
}
