/// Memory that a `BufferPool` lent: 256 bytes times a power of two.
///
/// A copy names the same memory. The holder returns it once. Every access is checked against the capacity.
@safe
struct PooledBuffer: BitwiseCopyable {
    /// Aligned to 16 bytes; valid until the buffer is returned to its pool.
    let start: UnsafeMutableRawPointer
    let sizeClass: UInt8

    static let byteCapacityMin = 256
    static let sizeClassCount = 20

    var byteCapacity: Int { Self.byteCapacityMin << Int(sizeClass) }

    /// The smallest class that holds `byteCount`. O(1).
    static func sizeClass(byteCount: Int) -> UInt8 {
        let units = (max(byteCount, 1) + byteCapacityMin - 1) / byteCapacityMin
        let sizeClass = Int.bitWidth - (units - 1).leadingZeroBitCount
        precondition(sizeClass < sizeClassCount, "no buffer is that large")
        return UInt8(sizeClass)
    }

    /// The `byteCount` bytes from `offset` on, which must have been written.
    @_lifetime(borrow self)
    func span(from offset: Int, byteCount: Int) -> Span<UInt8> {
        check(offset, byteCount)
        // SAFETY: in bounds by the check. The owner keeps the buffer until the span's last use, and for sends until
        // `HubShard.submitted`, because `BufferPool` holds buffers that are returned earlier.
        let pointer = unsafe start.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
        let span = unsafe Span(_unsafeStart: pointer, count: byteCount)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Writes `bytes` at `offset`.
    func write(_ bytes: Span<UInt8>, at offset: Int) {
        check(offset, bytes.count)
        // SAFETY: in bounds by the check; `bytes` may be in this buffer, as `copyMemory` allows overlap.
        unsafe bytes.withUnsafeBytes { source in
            guard let sourceStart = source.baseAddress else { return }
            unsafe start.advanced(by: offset).copyMemory(from: sourceStart, byteCount: source.count)
        }
    }

    /// Copies bytes of `source`, which may be this buffer.
    func copy(from source: PooledBuffer, at sourceOffset: Int, byteCount: Int, to offset: Int) {
        check(offset, byteCount)
        source.check(sourceOffset, byteCount)
        // SAFETY: both ranges are in bounds by the checks, and `copyMemory` allows them to overlap.
        unsafe start.advanced(by: offset)
            .copyMemory(from: source.start.advanced(by: sourceOffset), byteCount: byteCount)
    }

    /// Frees the memory without its pool: only when the hub ends.
    func deallocate() {
        // SAFETY: `start` came from `allocate` in `BufferPool.take`, and the caller holds it.
        unsafe start.deallocate()
    }

    private func check(_ offset: Int, _ byteCount: Int) {
        precondition(offset >= 0 && byteCount >= 0 && offset <= byteCapacity - byteCount, "outside of the buffer")
    }
}
