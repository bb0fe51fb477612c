extension [UInt8] {
    /// Appends a copy of `bytes`; O(n).
    package mutating func append(contentsOf bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            // SAFETY: the array copies the bytes before the closure returns.
            unsafe append(contentsOf: buffer)
        }
    }
}
