import Primitives

// Comparisons and searches of the request path, in words and blocks.

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
    @inline(__always)
    static func firstNonText(
        in bytes: Span<UInt8>, from start: Int, allowsTabs: Bool, allowsAbove127: Bool
    ) -> Int {
        var index = start
        while let block = ByteBlock(bytes, at: index) {
            let isControl = allowsAbove127 ? block.below(0x20) : block.belowOrBeyondASCII(0x20)
            let found = isControl | block.equal(to: 0x7F)
            if found.isEmpty {
                index &+= ByteBlock.byteCount
                continue
            }
            index &+= found.firstOffset
            guard allowsTabs, bytes[index] == tab else { return index }
            index &+= 1
        }
        while index < bytes.count {
            let byte = bytes[index]
            let isText = byte >= 0x80 ? allowsAbove127 : byte >= 0x20 && byte != 0x7F || byte == tab && allowsTabs
            guard isText else { return index }
            index &+= 1
        }
        return index
    }
}
