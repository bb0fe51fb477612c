/// Base64 with the URL alphabet and without padding (RFC 4648, section 5; RFC 7515, section 2).
enum Base64URL {
    /// Decodes `text`; nil when it is invalid. Strict, so that each value has one encoding: no padding, no other
    /// characters, no unused bits that are set. O(n), one allocation.
    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        let restCount = text.count % 4
        if restCount == 1 { return nil }
        let table = Self.values
        let values = table.span
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        // A character that is none has the value 0xff, which leaves its mark here.
        var all: UInt8 = 0
        var start = 0
        while start + 4 <= text.count {
            let (a, b) = (values[Int(text[start])], values[Int(text[start + 1])])
            let (c, d) = (values[Int(text[start + 2])], values[Int(text[start + 3])])
            all |= a | b | c | d
            bytes.append(a << 2 | b >> 4)
            bytes.append(b << 4 | c >> 2)
            bytes.append(c << 6 | d)
            start += 4
        }
        if restCount > 0 {
            let (a, b) = (values[Int(text[start])], values[Int(text[start + 1])])
            let c = restCount == 3 ? values[Int(text[start + 2])] : 0
            all |= a | b | c
            bytes.append(a << 2 | b >> 4)
            if restCount == 3 { bytes.append(b << 4 | c >> 2) }
            let leftOver = restCount == 3 ? c << 6 : b << 4
            if leftOver != 0 { return nil }
        }
        return all < 64 ? bytes : nil
    }

    /// Encodes `bytes`. O(n), one allocation.
    static func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for index in bytes.indices {
            bits = (bits << 8 | UInt32(bytes[index])) & 0xffff
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> bitCount & 0x3f)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << (6 - bitCount) & 0x3f)]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The value of each byte; 0xff for those that are not in the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xff, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
