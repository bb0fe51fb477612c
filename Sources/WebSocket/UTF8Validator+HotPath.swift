import Primitives

extension UTF8Validator {
    /// Consumes the next bytes of the text. Returns false as soon as the text cannot be UTF-8; the validator must not
    /// be used after that.
    ///
    /// - Complexity: O(n): 32 bytes a step through ASCII, a scalar a step through the rest; no allocation.
    public mutating func accept(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            // SAFETY: the pointer is not used after the closure, and every load below is within the buffer.
            unsafe accept(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Finishes the sequence that an earlier call left incomplete, then validates whole sequences in wide steps. The
    /// last bytes may be the beginning of a sequence, so they are validated in single steps.
    @unsafe
    private mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let byteCount = bytes.count
        var offset = 0
        while missingByteCount > 0, offset < byteCount {
            // SAFETY: offset < byteCount.
            guard accept(unsafe start.load(fromByteOffset: offset, as: UInt8.self)) else { return false }
            offset += 1
        }
        while byteCount - offset >= 4 {
            unsafe Self.skipASCII(start, from: &offset, byteCount: byteCount)
            guard unsafe Self.skipScalars(start, from: &offset, byteCount: byteCount) else { return false }
        }
        while offset < byteCount {
            // SAFETY: offset < byteCount.
            guard accept(unsafe start.load(fromByteOffset: offset, as: UInt8.self)) else { return false }
            offset += 1
        }
        return true
    }

    /// Moves `offset` over blocks of ASCII; it stops before the first block that contains another byte.
    @unsafe
    private static func skipASCII(_ start: UnsafeRawPointer, from offset: inout Int, byteCount: Int) {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        while byteCount - offset >= 32 {
            // SAFETY: offset + 32 <= byteCount.
            let block = unsafe start.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
            guard (block[0] | block[1] | block[2] | block[3]) & highBits == 0 else { return }
            offset += 32
        }
    }

    /// Moves `offset` by up to 16 steps of a scalar, or of four ASCII bytes, while four bytes can be loaded. After that
    /// many steps, looking for a longer run of ASCII is worthwhile again. False at a sequence that is not UTF-8.
    @unsafe
    private static func skipScalars(_ start: UnsafeRawPointer, from offset: inout Int, byteCount: Int) -> Bool {
        var stepCount = 16
        while byteCount - offset >= 4, stepCount > 0 {
            stepCount -= 1
            // SAFETY: offset + 4 <= byteCount.
            let word = UInt32(littleEndian: unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            if word & 0x80 == 0 {
                offset += word & 0x8080_8080 == 0 ? 4 : 1
                continue
            }
            let scalarByteCount = UTF8Sequence.byteCount(atLowEndOf: word)
            guard scalarByteCount > 0 else { return false }
            offset += scalarByteCount
        }
        return true
    }
}
