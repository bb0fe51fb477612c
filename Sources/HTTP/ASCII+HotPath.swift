// Comparisons and searches of the request path. Words of eight bytes are loaded at once where that pays.

extension ASCII {
    /// Whether `bytes`, which have no control character, begin with `lowercase`, ignoring the case of ASCII letters.
    ///
    /// Bit 5 is the case of a letter. In digits, `-`, `.`, `/` and `:`, the other characters of the literals, it is set;
    /// without it they would be control characters.
    @inline(__always)
    static func hasPrefix(_ bytes: Span<UInt8>, ignoringCase lowercase: StaticString) -> Bool {
        let count = lowercase.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        // SAFETY: the literal has `count` bytes and lives as long as the process. No load goes beyond `count`.
        let literal = unsafe UnsafeRawPointer(lowercase.utf8Start)
        var index = 0
        while count - index >= 8 {
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            let wanted = unsafe literal.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard word | 0x2020_2020_2020_2020 == wanted else { return false }
            index += 8
        }
        while index < count {
            guard unsafe bytes[index] | 0x20 == literal.load(fromByteOffset: index, as: UInt8.self) else {
                return false
            }
            index += 1
        }
        return true
    }

    /// Whether `bytes`, which have no control character, equal `lowercase`, ignoring the case of ASCII letters.
    @inline(__always)
    static func equals(_ bytes: Span<UInt8>, ignoringCase lowercase: StaticString) -> Bool {
        bytes.count == lowercase.utf8CodeUnitCount && hasPrefix(bytes, ignoringCase: lowercase)
    }

    /// Whether `bytes` equals `text`.
    static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        // SAFETY: the literal has that many bytes and lives as long as the process.
        let start = unsafe text.utf8Start
        for index in bytes.indices where unsafe bytes[index] != start[index] { return false }
        return true
    }

    /// The index of the first byte at or after `start` that text does not contain: a control character, which a tab is
    /// not when `allowsTabs`, or a byte above 127 unless `allowsAbove127`. The count when there is none.
    ///
    /// Each test of a word finds its first byte exactly: a borrow in a subtraction changes bytes above that one only.
    @inline(__always)
    static func firstNonText(
        in bytes: Span<UInt8>, from start: Int, allowsTabs: Bool, allowsAbove127: Bool
    ) -> Int {
        let count = bytes.count
        var index = start
        while index < count {
            while count &- index >= 8 {
                // SAFETY: index + 8 <= count.
                let found = unsafe nonText(in: bytes, at: index, allowsAbove127: allowsAbove127)
                if found != 0 {
                    index &+= found.trailingZeroBitCount &>> 3
                    break
                }
                index &+= 8
                guard count &- index >= 8 else { break }
                // SAFETY: index + 8 <= count.
                let next = unsafe nonText(in: bytes, at: index, allowsAbove127: allowsAbove127)
                if next != 0 {
                    index &+= next.trailingZeroBitCount &>> 3
                    break
                }
                index &+= 8
            }
            guard index < count else { break }
            let byte = bytes[index]
            let isText = byte >= 0x80 ? allowsAbove127 : byte >= 0x20 && byte != 0x7F || byte == tab && allowsTabs
            guard isText else { return index }
            index &+= 1
        }
        return index
    }

    /// The high bits of the first byte that text does not contain in the word at `index`, and of some bytes above it;
    /// 0 for a word of text.
    @unsafe @inline(__always)
    private static func nonText(in bytes: Span<UInt8>, at index: Int, allowsAbove127: Bool) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let word = UInt64(
            littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
        let isControl = word &- ones &* 0x20
        let isDelete = (word ^ ones &* 0x7F) &- ones
        let found = (isControl | isDelete) & ~word
        return (allowsAbove127 ? found : found | word) & (ones &* 0x80)
    }

    /// The first index of `byte` at or after `start`; nil when there is none.
    @inline(__always)
    static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int = 0) -> Int? {
        precondition(start >= 0)
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while bytes.count - index >= 8 {
            // SAFETY: index + 8 <= count.
            let word = UInt64(
                littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
            let difference = word ^ ones &* UInt64(byte)
            let found = (difference &- ones) & ~difference & (ones &* 0x80)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }
}
