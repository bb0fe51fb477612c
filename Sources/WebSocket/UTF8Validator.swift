/// Validates UTF-8 that arrives in pieces. Rejects at the first byte after which no continuation can be valid (RFC
/// 3629; RFC 6455, section 8.1). Three bytes, no heap memory.
///
/// Between calls it stores what the incomplete sequence still needs: the number of continuation bytes, and the bounds
/// of the next one. The bounds are 80…BF, except after the lead bytes where overlong forms (E0, F0), surrogates (ED)
/// and values over U+10FFFF (F4) begin.
public struct UTF8Validator: Hashable, Sendable {
    /// The continuation bytes that the incomplete sequence still needs, 0 to 3.
    var missingByteCount: UInt8 = 0
    /// The lowest value that the next continuation byte may have.
    var lowerBound: UInt8 = 0x80
    /// The highest value that it may have.
    var upperBound: UInt8 = 0xBF

    /// A validator at the beginning of a text.
    public init() {}

    /// Whether the text may end here: no sequence is incomplete.
    public var isComplete: Bool { missingByteCount == 0 }

    /// Whether `bytes` is UTF-8 from beginning to end. O(n), no allocation.
    public static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var validator = UTF8Validator()
        return validator.accept(bytes) && validator.isComplete
    }

    /// Consumes one byte. Returns false when the text cannot be UTF-8; the validator must not be used after that.
    mutating func accept(_ byte: UInt8) -> Bool {
        guard missingByteCount == 0 else {
            guard byte >= lowerBound, byte <= upperBound else { return false }
            missingByteCount -= 1
            lowerBound = 0x80
            upperBound = 0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: expect(1)
        case 0xE0: expect(2, from: 0xA0)
        case 0xED: expect(2, through: 0x9F)
        case 0xE1...0xEF: expect(2)
        case 0xF0: expect(3, from: 0x90)
        case 0xF1...0xF3: expect(3)
        case 0xF4: expect(3, through: 0x8F)
        default: return false
        }
        return true
    }

    private mutating func expect(_ byteCount: UInt8, from lowerBound: UInt8 = 0x80, through upperBound: UInt8 = 0xBF) {
        missingByteCount = byteCount
        self.lowerBound = lowerBound
        self.upperBound = upperBound
    }
}
