/// Lends buffers and keeps returned ones, up to a limit, so that the steady state allocates nothing.
///
/// While sends are in flight the kernel may still read from returned buffers: they are held, unchanged, until
/// `releaseHeld`.
@safe
struct BufferPool: ~Copyable {
    /// The first kept buffer of each size class. Each kept buffer holds the address of the next in its first word.
    private let firstKept: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var held: [PooledBuffer] = []
    private let keptByteCountMax: Int
    /// Bytes of the buffers that are kept for the next `take`.
    private(set) var keptByteCount = 0
    /// Bytes of the buffers that are lent or held.
    private(set) var lentByteCount = 0
    /// Set from the first send of a flush to `releaseHeld`.
    var isHoldingReturns = false

    init(keptByteCountMax: Int) {
        self.keptByteCountMax = keptByteCountMax
        unsafe firstKept = .allocate(capacity: PooledBuffer.sizeClassCount)
        // SAFETY: just allocated with this capacity.
        unsafe firstKept.initialize(repeating: nil, count: PooledBuffer.sizeClassCount)
    }

    deinit {
        for buffer in held { buffer.deallocate() }
        for sizeClass in 0..<PooledBuffer.sizeClassCount {
            // SAFETY: only the lists name these buffers, and each holds the next one's address in its first word.
            var next = unsafe firstKept[sizeClass]
            while let start = unsafe next {
                unsafe next = start.load(as: UnsafeMutableRawPointer?.self)
                unsafe start.deallocate()
            }
        }
        unsafe firstKept.deallocate()
    }

    /// Lends a buffer of at least `byteCount` bytes. O(1); allocates when no buffer of its class is kept.
    mutating func take(byteCount: Int) -> PooledBuffer {
        let sizeClass = PooledBuffer.sizeClass(byteCount: byteCount)
        let byteCapacity = PooledBuffer.byteCapacityMin << Int(sizeClass)
        lentByteCount += byteCapacity
        // SAFETY: the class is below the count; a kept buffer holds the next one's address in its first word.
        if let start = unsafe firstKept[Int(sizeClass)] {
            unsafe firstKept[Int(sizeClass)] = start.load(as: UnsafeMutableRawPointer?.self)
            keptByteCount -= byteCapacity
            return unsafe PooledBuffer(start: start, sizeClass: sizeClass)
        }
        return unsafe PooledBuffer(start: .allocate(byteCount: byteCapacity, alignment: 16), sizeClass: sizeClass)
    }

    /// Takes a buffer back; the caller must not use it again. O(1).
    mutating func give(_ buffer: PooledBuffer) {
        if isHoldingReturns {
            held.append(buffer)
        } else {
            keep(buffer)
        }
    }

    /// The kernel has read all bytes in flight: buffers that were returned meanwhile may be reused. O(held).
    mutating func releaseHeld() {
        isHoldingReturns = false
        for buffer in held { keep(buffer) }
        held.removeAll(keepingCapacity: held.capacity <= 1024)
    }

    private mutating func keep(_ buffer: PooledBuffer) {
        let byteCapacity = buffer.byteCapacity
        lentByteCount -= byteCapacity
        guard keptByteCount + byteCapacity <= keptByteCountMax else { return buffer.deallocate() }
        keptByteCount += byteCapacity
        // SAFETY: the buffer was returned and is not in use, so its first word is free for the list.
        unsafe buffer.start.storeBytes(
            of: firstKept[Int(buffer.sizeClass)], as: UnsafeMutableRawPointer?.self)
        unsafe firstKept[Int(buffer.sizeClass)] = buffer.start
    }
}
