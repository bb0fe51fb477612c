import CLiburing
import Glibc
import Primitives

extension PeerAddress {
    /// Parses an IPv4 or IPv6 address, without brackets or port; nil when `text` is neither.
    public init?(_ text: String) {
        var address4 = in_addr()
        // SAFETY: the call writes a local of the size of its family.
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
