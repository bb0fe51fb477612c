internal import Primitives

/// The escapes in JSON strings (RFC 8259, section 7).
enum JSONText {
    /// The byte that an escape of one letter represents; nil when there is no such escape.
    @inline(__always)
    static func byte(escapedAs letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The four hexadecimal digits at `index` as a UTF-16 unit; nil when there are fewer.
    static func unit(_ json: Span<UInt8>, at index: Int) -> UInt16? {
        guard json.count - index >= 4 else { return nil }
        var unit: UInt16 = 0
        for offset in 0..<4 {
            guard let digit = hexadecimalValue(json[index + offset]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// Decodes one `\u` escape, or a pair of them; `index` is after the `\u` and moves past the digits. Nil when it is
    /// half of a surrogate pair; `index` is after it then.
    static func scalar(_ json: Span<UInt8>, at index: inout Int) -> Unicode.Scalar? {
        guard let unit = unit(json, at: index) else { return nil }
        index += 4
        guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) }
        guard json.count - index >= 6, json[index] == UInt8(ascii: "\\"), json[index + 1] == UInt8(ascii: "u"),
            let low = Self.unit(json, at: index + 2), low & 0xFC00 == 0xDC00
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
}
