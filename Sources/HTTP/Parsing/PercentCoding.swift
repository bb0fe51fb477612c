/// Percent-encoding (RFC 3986, section 2.1), optionally with the `+` of form encoding.
enum PercentCoding {
    /// Whether `index` begins a `%` with two hexadecimal digits that do not encode NUL, which no text here may contain.
    static func isTriplet(_ bytes: Span<UInt8>, at index: Int) -> Bool {
        guard let byte = decodedByte(bytes, at: index) else { return false }
        return byte != 0
    }

    /// The decoded text; nil when a `%` does not begin a triplet, a byte is NUL, or the result is not UTF-8. O(bytes);
    /// allocates once when something was encoded or the text is long.
    static func decoded(_ bytes: Span<UInt8>, plusIsSpace: Bool = false) -> String? {
        if !needsDecoding(bytes, plusIsSpace: plusIsSpace) { return ASCII.text(bytes) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.percent {
                guard let value = decodedByte(bytes, at: index), value != 0 else { return nil }
                decoded.append(value)
                index += 3
                continue
            }
            decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? ASCII.space : byte)
            index += 1
        }
        return ASCII.text(decoded.span)
    }

    private static func needsDecoding(_ bytes: Span<UInt8>, plusIsSpace: Bool) -> Bool {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == ASCII.percent || (plusIsSpace && byte == UInt8(ascii: "+")) { return true }
        }
        return false
    }

    private static func decodedByte(_ bytes: Span<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < bytes.count, let high = ASCII.hexadecimalValue(bytes[index + 1]),
            let low = ASCII.hexadecimalValue(bytes[index + 2])
        else { return nil }
        return high << 4 | low
    }
}
