/// The classes of bytes in the grammar of HTTP/1.1.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let percent = UInt8(ascii: "%")
    static let slash = UInt8(ascii: "/")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let comma = UInt8(ascii: ",")
    static let questionMark = UInt8(ascii: "?")

    /// Whether `bytes` is not empty and all of it is `tchar` (RFC 9110, section 5.6.2).
    static func isToken(_ bytes: Span<UInt8>) -> Bool { !bytes.isEmpty && ByteSet.token.containsAll(bytes) }

    /// Space or tab, the bytes of `OWS`.
    static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    /// The value of a hexadecimal digit; nil when `byte` is not one.
    static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The indices of `bytes` without white space at both ends.
    static func trimmed(_ bytes: Span<UInt8>) -> Range<Int> {
        var lower = 0
        var upper = bytes.count
        while lower < upper, isWhitespace(bytes[lower]) { lower += 1 }
        while lower < upper, isWhitespace(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// The text of `bytes`; nil when they are not UTF-8. Copies.
    static func text(_ bytes: Span<UInt8>) -> String? {
        guard let utf8 = try? UTF8Span(validating: bytes) else { return nil }
        return String(copying: utf8)
    }
}

extension Span<UInt8> {
    /// Whether the bytes, which have no control character, equal `lowercase`, ignoring the case of ASCII letters.
    public func equalsIgnoringASCIICase(_ lowercase: StaticString) -> Bool {
        ASCII.equals(self, ignoringCase: lowercase)
    }
}
