/// Identifiers that the server generates: random UUIDs.
package enum UUIDText {
    /// The length of one.
    package static let byteCount = 36
    static let dashes = [8, 13, 18, 23]

    /// Whether the text has the form of a generated identifier.
    package static func isUUID(_ text: some Collection<UInt8>) -> Bool {
        guard text.count == byteCount else { return false }
        return text.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "-"): dashes.contains(index)
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): !dashes.contains(index)
            default: false
            }
        }
    }

    /// A version 4 UUID (RFC 9562, section 5.4) of random bits, as text. One allocation, which is its text.
    package static func random(_ bits: (high: UInt64, low: UInt64)) -> String {
        text(high: bits.high & ~0xf000 | 0x4000, low: bits.low & ~(0b11 << 62) | (0b10 << 62))
    }
}
