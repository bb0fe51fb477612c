/// Identifiers that the server generates: random UUIDs.
package enum UUIDText {
    /// The length of one.
    package static let byteCount = 36
    private static let dashes = [8, 13, 18, 23]

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

    /// A version 4 UUID (RFC 9562, section 5.4) as text.
    package static func random() -> String {
        var high = UInt64.random(in: 0...UInt64.max)
        var low = UInt64.random(in: 0...UInt64.max)
        high = high & ~0xf000 | 0x4000
        low = low & ~(0b11 << 62) | (0b10 << 62)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (index % 16))) & 0xf
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
