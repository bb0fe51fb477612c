internal import Primitives

extension JSONReader {
    /// The text of a string that was written to memory.
    struct WrittenText {
        /// The number of bytes.
        var byteCount = 0
        /// Whether all bytes are ASCII.
        var isASCII = true
        /// Whether it contains the character U+0000.
        var hasNUL = false
        /// Whether it has half of a surrogate pair, which UTF-8 cannot represent. The bytes have no meaning then.
        var isMalformed = false

        /// A copy of the text. `start` must be where the reader wrote it.
        @unsafe
        @inline(__always)
        func string(at start: UnsafeMutableRawPointer) -> String {
            // SAFETY: the reader has initialised the bytes. It has checked that those of the string are UTF-8, and it
            // encoded the scalars of escapes.
            let bytes = unsafe Span<UInt8>(_unsafeStart: start, byteCount: byteCount)
            return unsafe String(copying: UTF8Span(unchecked: bytes, isKnownASCII: isASCII))
        }
    }

    /// Reads a string and writes its text, in one pass. The next byte must be the opening quote.
    ///
    /// `target` must have room for as many bytes as the input has from here on, and for a block.
    @unsafe
    mutating func text(
        _ json: Span<UInt8>, writtenTo target: UnsafeMutableRawPointer
    ) throws(JSONError) -> WrittenText {
        guard nextByte(json) == UInt8(ascii: "\"") else { throw .malformed }
        var next = index + 1
        var text = WrittenText()
        var byteCount = 0
        // SAFETY: what is written is at most as long as what was read, and a block has room after that. What follows a
        // special byte in a block is overwritten.
        while next < json.count {
            if let block = ByteBlock(json, at: next) {
                unsafe target.storeBytes(of: block.bytes, toByteOffset: byteCount, as: SIMD16<UInt8>.self)
                let special = Self.special(block)
                guard !special.isEmpty else {
                    next &+= ByteBlock.byteCount
                    byteCount &+= ByteBlock.byteCount
                    continue
                }
                let offset = special.firstOffset
                next &+= offset
                byteCount &+= offset
            }
            // SAFETY: the index is below the count here, and where a sequence or an escape continues.
            let byte = unsafe json[unchecked: next]
            if byte >= 0x80 {
                text.isASCII = false
                repeat {
                    let word = json.littleEndianWord(at: next)
                    let sequenceByteCount = UTF8Sequence.byteCount(atLowEndOf: word)
                    guard sequenceByteCount > 0 else { throw .malformed }
                    unsafe target.storeBytes(of: word.littleEndian, toByteOffset: byteCount, as: UInt32.self)
                    next &+= sequenceByteCount
                    byteCount &+= sequenceByteCount
                } while unsafe next < json.count && json[unchecked: next] >= 0x80
            } else if byte == UInt8(ascii: "\"") {
                index = next &+ 1
                text.byteCount = byteCount
                return text
            } else if byte == UInt8(ascii: "\\") {
                next &+= 1
                guard next < json.count else { throw .malformed }
                if let byte = JSONText.byte(escapedAs: unsafe json[unchecked: next]) {
                    unsafe target.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
                    byteCount &+= 1
                    next &+= 1
                } else {
                    var index = next
                    byteCount &+= try unsafe Self.numberedEscape(json, at: &index, writtenTo: target + byteCount, &text)
                    next = index
                }
            } else {
                guard byte >= 0x20 else { throw .malformed }
                unsafe target.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
                next &+= 1
                byteCount &+= 1
            }
        }
        throw .malformed
    }

    /// Reads one `\u` escape, or a pair of them, from its letter on. Writes the scalar and returns its length.
    @unsafe
    @inline(never)
    private static func numberedEscape(
        _ json: Span<UInt8>, at index: inout Int, writtenTo target: UnsafeMutableRawPointer, _ text: inout WrittenText
    ) throws(JSONError) -> Int {
        guard json[index] == UInt8(ascii: "u"), JSONText.unit(json, at: index + 1) != nil else { throw .malformed }
        index += 1
        guard let scalar = JSONText.scalar(json, at: &index) else {
            text.isMalformed = true
            return 0
        }
        if scalar == "\0" { text.hasNUL = true }
        if !scalar.isASCII { text.isASCII = false }
        var byteCount = 0
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            // SAFETY: an escape is longer than its scalar.
            unsafe target.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
            byteCount += 1
        }
        return byteCount
    }
}

extension JSONText {
    /// Decodes a string that was skipped; nil when it has half of a surrogate pair. O(n).
    static func text(of string: JSONReader.RawString, in json: Span<UInt8>) -> String? {
        guard string.hasEscapes else {
            // SAFETY: the reader has checked that the bytes of its strings are UTF-8.
            return unsafe String(
                copying: UTF8Span(unchecked: json.extracting(string.range), isKnownASCII: string.isASCII))
        }
        // The string with its quotes, as an input of its own.
        let json = json.extracting(string.range.lowerBound - 1..<string.range.upperBound + 1)
        let capacity = json.count + ByteBlock.byteCount
        return unsafe withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { memory in
            guard let start = memory.baseAddress else { return nil }
            var reader = JSONReader()
            // SAFETY: the memory has room for the input and a block.
            guard let text = try? unsafe reader.text(json, writtenTo: start), !text.isMalformed else { return nil }
            return unsafe text.string(at: start)
        }
    }
}
