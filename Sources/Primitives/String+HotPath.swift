extension String {
    /// A hash of the UTF-8 bytes under the seed of this process. O(n), no allocation.
    @usableFromInline
    var seededByteHash: Int {
        Int(truncatingIfNeeded: SipHash.ofProcess.hash(of: utf8Span.span))
    }

    /// Whether the UTF-8 bytes of both are equal, which `==` does not compare. O(n), no allocation.
    public func hasSameBytes(as other: String) -> Bool {
        utf8Span.span.isEqual(to: other.utf8Span.span)
    }
}
