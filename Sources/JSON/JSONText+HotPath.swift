internal import Primitives

extension JSONText {
    /// Decodes the text; nil when it has half of a surrogate pair, which UTF-8 cannot represent. O(n). One allocation
    /// when the text has more than 15 bytes, and another for more than 1 KiB with escapes.
    static func text(of string: JSONReader.RawString, in json: Span<UInt8>) -> String? {
        guard string.hasEscapes else {
            // SAFETY: the reader has checked that the bytes of its strings are UTF-8.
            return unsafe String(
                copying: UTF8Span(unchecked: json.extracting(string.range), isKnownASCII: string.isASCII))
        }
        // No escape is shorter than its scalar. Whole blocks are copied, so the last may reach beyond the text.
        let capacity = string.range.count + ByteBlock.byteCount
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
            guard let target = buffer.baseAddress,
                let decoded = unsafe decode(string, of: json, to: UnsafeMutableRawPointer(target))
            else { return nil }
            // SAFETY: `decode` has initialised the bytes. They are those of the string, which the reader has checked,
            // and scalars that it encoded.
            let bytes = unsafe Span(_unsafeStart: UnsafePointer(target), count: decoded.byteCount)
            return unsafe String(copying: UTF8Span(unchecked: bytes, isKnownASCII: decoded.isASCII))
        }
    }

    /// Writes the decoded bytes; nil when they have half of a surrogate pair.
    ///
    /// `target` must have room for the string's raw bytes and one block.
    @unsafe
    private static func decode(
        _ string: JSONReader.RawString, of json: Span<UInt8>, to target: UnsafeMutableRawPointer
    ) -> (byteCount: Int, isASCII: Bool)? {
        let end = string.range.upperBound
        var index = string.range.lowerBound
        var byteCount = 0
        var isASCII = string.isASCII
        while true {
            // SAFETY: what was written is at most as long as what was read, and a block is within the room after that.
            index = unsafe copyRun(of: json, from: index, before: end, to: target, &byteCount)
            guard index < end else { return (byteCount, isASCII) }
            let escaped = json[index + 1]
            index += 2
            if escaped == UInt8(ascii: "u") {
                guard let scalar = scalar(json, at: &index, before: end) else { return nil }
                if !scalar.isASCII { isASCII = false }
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    unsafe target.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
                    byteCount += 1
                }
            } else {
                unsafe target.storeBytes(of: unescaped(escaped), toByteOffset: byteCount, as: UInt8.self)
                byteCount += 1
            }
        }
    }

    /// Copies the bytes before the next escape. Returns the index of its backslash, or `end`.
    @unsafe
    @inline(__always)
    private static func copyRun(
        of json: Span<UInt8>, from start: Int, before end: Int, to target: UnsafeMutableRawPointer,
        _ byteCount: inout Int
    ) -> Int {
        var index = start
        while index < end, let block = ByteBlock(json, at: index) {
            // SAFETY: the caller has room for a block.
            unsafe target.storeBytes(of: block.bytes, toByteOffset: byteCount, as: SIMD16<UInt8>.self)
            let copied = min(block.equal(to: UInt8(ascii: "\\")).firstOffset ?? ByteBlock.byteCount, end &- index)
            index &+= copied
            byteCount &+= copied
            if copied < ByteBlock.byteCount { return index }
        }
        while index < end, json[index] != UInt8(ascii: "\\") {
            unsafe target.storeBytes(of: json[index], toByteOffset: byteCount, as: UInt8.self)
            index &+= 1
            byteCount &+= 1
        }
        return index
    }

    /// The byte that an escape of one letter represents.
    @inline(__always)
    private static func unescaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }
}
