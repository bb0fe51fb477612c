extension MaskKey {
    /// Masks or unmasks `range` of `bytes` in place and rotates the key by its length.
    ///
    /// - Precondition: `range` lies within `bytes`.
    /// - Complexity: O(n), 64 bytes a step; no allocation.
    public mutating func apply(to bytes: inout MutableSpan<UInt8>, in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        let key = self
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            // SAFETY: the precondition keeps `range` within the span, whose bytes the closure holds exclusively.
            unsafe key.apply(to: UnsafeMutableRawPointer(base + range.lowerBound), byteCount: range.count)
        }
        self = rotated(by: range.count)
    }

    /// The steps are multiples of four bytes, so the key has the same phase in each, up to the last few bytes.
    @unsafe
    private func apply(to start: UnsafeMutableRawPointer, byteCount: Int) {
        let word = (UInt64(bits) << 32 | UInt64(bits)).littleEndian
        let block = SIMD8<UInt64>(repeating: word)
        var offset = 0
        while byteCount - offset >= 64 {
            // SAFETY: offset + 64 <= byteCount.
            let masked = unsafe start.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self) ^ block
            unsafe start.storeBytes(of: masked, toByteOffset: offset, as: SIMD8<UInt64>.self)
            offset += 64
        }
        while byteCount - offset >= 8 {
            // SAFETY: offset + 8 <= byteCount.
            let masked = unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ word
            unsafe start.storeBytes(of: masked, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        var rest = UInt64(littleEndian: word)
        while offset < byteCount {
            // SAFETY: offset < byteCount.
            let masked = unsafe start.load(fromByteOffset: offset, as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
            unsafe start.storeBytes(of: masked, toByteOffset: offset, as: UInt8.self)
            rest >>= 8
            offset += 1
        }
    }
}
