/// The key that a client's payload is XORed with, and the position within it (RFC 6455, section 5.3).
///
/// Applying the key to some bytes rotates it by their count, so that a payload can be masked or unmasked in pieces of
/// any length.
public struct MaskKey: Hashable, Sendable {
    /// The next four bytes to use, the first of them in the low bits.
    var bits: UInt32

    /// A key from its bytes in wire order.
    @inlinable
    public init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        self.init(bits: UInt32(first) | UInt32(second) << 8 | UInt32(third) << 16 | UInt32(fourth) << 24)
    }

    @usableFromInline
    init(bits: UInt32) {
        self.bits = bits
    }

    /// A new key. A client's keys must be unpredictable (section 10.3), and so must be the generator.
    public static func random(using generator: inout some RandomNumberGenerator) -> MaskKey {
        MaskKey(bits: generator.next())
    }

    /// The key after `byteCount` bytes of payload.
    func rotated(by byteCount: Int) -> MaskKey {
        let shift = UInt32(truncatingIfNeeded: byteCount & 3) * 8
        return MaskKey(bits: bits >> shift | bits << ((32 - shift) & 31))
    }
}
