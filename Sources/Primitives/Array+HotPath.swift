extension [UInt8] {
    /// Appends a copy of `bytes`; O(n).
    @inlinable
    @inline(__always)
    public mutating func append(contentsOf bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { source in
            // SAFETY: the array copies the bytes before the closure returns.
            unsafe append(copying: source)
        }
    }

    /// Appends the bytes of a literal; O(n).
    @inlinable
    @inline(__always)
    public mutating func append(contentsOf literal: StaticString) {
        // SAFETY: the bytes of a literal are copied before the closure returns.
        literal.withUTF8Buffer { unsafe append(copying: UnsafeRawBufferPointer($0)) }
    }

    /// Appends a copy of `source`: one check of the capacity, and one copy of memory.
    @unsafe
    @inlinable
    @inline(__always)
    mutating func append(copying source: UnsafeRawBufferPointer) {
        // An append of nothing would write into the storage of all empty arrays, which all threads share.
        guard unsafe !source.isEmpty else { return }
        append(addingCapacity: source.count) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                guard let target = UnsafeMutableRawPointer(buffer.baseAddress),
                    let start = source.baseAddress
                else { return }
                // SAFETY: the output has room for as many bytes as the source has, and the two do not overlap.
                unsafe target.copyMemory(from: start, byteCount: source.count)
                initializedCount = source.count
            }
        }
    }
}
