/// Base64 with padding (RFC 4648, section 4), as far as the handshake needs it.
enum Base64 {
    /// The text of `bytes`. Allocates.
    static func text(of bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                // A group of n bytes makes n + 1 digits.
                let digit = UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * index)) & 0x3F
                text.append(index <= group.count ? Self.character(digit) : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A text that has the form of 16 encoded bytes: 22 digits and two padding characters. The last digit has four bits
    /// that belong to no byte. Decoders differ on whether they may be set; this accepts them, because the bytes are not
    /// used.
    struct TextOf16Bytes: Sendable {
        let bytes: InlineArray<24, UInt8>

        /// Copies the text; nil when it has another form.
        init?(_ text: Span<UInt8>) {
            guard text.count == 24, text[22] == UInt8(ascii: "="), text[23] == UInt8(ascii: "=") else { return nil }
            for index in 0..<22 where !Base64.isCharacter(text[index]) { return nil }
            bytes = InlineArray { text[$0] }
        }
    }

    /// The character of six bits.
    static func character(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<26: UInt8(ascii: "A") + digit
        case 26..<52: UInt8(ascii: "a") + (digit - 26)
        case 52..<62: UInt8(ascii: "0") + (digit - 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func isCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default:
            false
        }
    }
}
