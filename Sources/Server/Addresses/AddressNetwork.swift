public import Primitives
import Reactor

/// The addresses that begin with the same bits: a network in CIDR notation (RFC 4632, RFC 4291), or a single address.
public struct AddressNetwork: Hashable, Sendable {
    /// Its bits after the prefix are 0.
    private let base: PeerAddress
    /// The length of the prefix, of the 128 bits that an address has; those of IPv4 are the last 32.
    private let prefixBitCount: Int

    /// The network of one address.
    public init(_ address: PeerAddress) { self.init(address, prefixBitCount: 128) }

    private init(_ address: PeerAddress, prefixBitCount: Int) {
        self.prefixBitCount = prefixBitCount
        base = address.prefix(bitCount: prefixBitCount)
    }

    /// Reads `ADDRESS` or `ADDRESS/BITS`; nil when it is neither. Bits of the address after the prefix are ignored.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
            guard let address = PeerAddress(text) else { return nil }
            self.init(address)
            return
        }
        let digits = bytes[(slash + 1)...]
        guard let address = PeerAddress(String(decoding: bytes[..<slash], as: UTF8.self)),
            (1...3).contains(digits.count), digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
            let bitCount = Int(String(decoding: digits, as: UTF8.self))
        else { return nil }
        // `::ffff:192.0.2.0/120` is written as IPv6, so its bits are counted as those of IPv6.
        let isDotted = address.isIPv4 && !bytes[..<slash].contains(UInt8(ascii: ":"))
        guard bitCount <= (isDotted ? 32 : 128) else { return nil }
        self.init(address, prefixBitCount: isDotted ? 96 + bitCount : bitCount)
    }

    /// Whether the address is in the network.
    public func contains(_ address: PeerAddress) -> Bool { address.prefix(bitCount: prefixBitCount) == base }
}

/// The proxies whose `X-Forwarded-For` the server trusts.
public struct TrustedProxies: Hashable, Sendable {
    /// Addresses and networks.
    public var networks: [AddressNetwork]

    /// These proxies.
    public init(_ networks: [AddressNetwork] = []) { self.networks = networks }

    /// Whether the address is that of a trusted proxy.
    public func contains(_ address: PeerAddress) -> Bool { networks.contains { $0.contains(address) } }
}
