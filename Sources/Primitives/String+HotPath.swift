extension String {
    /// A hash of the UTF-8 bytes under the seed of this process. O(n), no allocation.
    @usableFromInline
    var seededByteHash: Int {
        let utf8 = utf8
        var hasher = Hasher()
        unsafe utf8.span.withUnsafeBytes { bytes in
            // SAFETY: the bytes are hashed before the closure returns.
            unsafe hasher.combine(bytes: bytes)
        }
        return hasher.finalize()
    }

    /// Whether the UTF-8 bytes of both are equal, which `==` does not compare. O(n), no allocation.
    public func hasSameBytes(as other: String) -> Bool {
        let (left, right) = (utf8, other.utf8)
        return left.span.isEqual(to: right.span)
    }
}
