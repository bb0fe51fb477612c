/// The network address of a peer, without its port: the key of the limits by address.
public struct PeerAddress: Hashable, Sendable {
    /// The upper half of the address, in network byte order: IPv6, or IPv4 mapped into it (RFC 4291, section 2.5.5.2).
    public let high: UInt64
    /// The lower half; its last 32 bits are the address for IPv4.
    public let low: UInt64

    /// An address of its two halves.
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
    /// The address with all bits after the first `bitCount` set to 0. The bits of an IPv4 address are the last 32 of
    /// 128.
    package func prefix(bitCount: Int) -> PeerAddress {
        // A shift by 64 or more gives 0.
        PeerAddress(high: high & ~(UInt64.max >> min(bitCount, 64)), low: low & ~(UInt64.max >> max(0, bitCount - 64)))
    }

    /// The network that the limits by address count: an IPv4 address, or the /64 of an IPv6 address, because a provider
    /// assigns a whole /64 to one subscriber.
    package var countedNetwork: PeerAddress { isIPv4 ? self : prefix(bitCount: 64) }
}
