/// The text of a JSON string (RFC 8259, section 7) whose grammar `JSONReader` has checked.
enum JSONText {
    /// Decodes the text; nil when it has half of a surrogate pair, which UTF-8 cannot represent. O(n), one allocation.
    static func text(of string: JSONReader.RawString, in json: Span<UInt8>) -> String? {
        guard string.hasEscapes else { return copied(json.extracting(string.range)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(string.range.count)
        guard appendDecoded(string.range, of: json, to: &bytes) else { return nil }
        return copied(bytes.span)
    }

    /// Whether the string decodes to these bytes. Allocates only for a string with escapes.
    static func equals(_ string: JSONReader.RawString, in json: Span<UInt8>, _ text: [UInt8]) -> Bool {
        guard string.hasEscapes else { return equals(json.extracting(string.range), text) }
        // An escape takes at most six bytes of input for one byte of text.
        guard string.range.count > text.count, string.range.count <= 6 * text.count else { return false }
        var bytes: [UInt8] = []
        return appendDecoded(string.range, of: json, to: &bytes) && bytes == text
    }

    /// The four hexadecimal digits at `index` as a UTF-16 unit; nil when there are fewer before `end`.
    static func unit(_ json: Span<UInt8>, at index: Int, before end: Int) -> UInt16? {
        guard end - index >= 4 else { return nil }
        var unit: UInt16 = 0
        for offset in 0..<4 {
            guard let digit = hexadecimalValue(json[index + offset]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private static func equals(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool {
        guard bytes.count == text.count else { return false }
        for index in text.indices where bytes[index] != text[index] { return false }
        return true
    }

    /// Appends the decoded bytes; returns false when they have half of a surrogate pair.
    private static func appendDecoded(_ range: Range<Int>, of json: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = json[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            let escaped = json[index]
            index += 1
            switch escaped {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(json, at: &index, before: range.upperBound) else { return false }
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: bytes.append(escaped)
            }
        }
        return true
    }

    /// Decodes one `\u` escape, or a pair of them; `index` is after the `\u` and moves past the digits.
    private static func scalar(_ json: Span<UInt8>, at index: inout Int, before end: Int) -> Unicode.Scalar? {
        guard let unit = unit(json, at: index, before: end) else { return nil }
        index += 4
        guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) }
        guard end - index >= 6, json[index] == UInt8(ascii: "\\"), json[index + 1] == UInt8(ascii: "u"),
            let low = Self.unit(json, at: index + 2, before: end), low & 0xFC00 == 0xDC00
        else { return nil }
        index += 6
        return Unicode.Scalar(0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF)))
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func copied(_ bytes: Span<UInt8>) -> String? {
        guard let utf8 = try? UTF8Span(validating: bytes) else { return nil }
        return String(copying: utf8)
    }
}
