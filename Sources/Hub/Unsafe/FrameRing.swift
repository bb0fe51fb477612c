/// The retained frames of a log by number, counted since the log was opened: a ring of 16-byte records.
///
/// A plain value that names its storage, which the log owns and returns to the pool.
@safe
struct FrameRing: BitwiseCopyable {
    private(set) var buffer: PooledBuffer
    private var mask: UInt64

    /// An empty ring for 16 frames.
    init(pool: inout BufferPool) {
        buffer = pool.take(byteCount: PooledBuffer.byteCapacityMin)
        mask = Self.capacity(of: buffer) - 1
    }

    /// The frame with this number, which is retained or the open one.
    subscript(number: UInt64) -> LogFrame {
        @inline(__always)
        get {
            // SAFETY: the mask keeps the place inside the buffer, whose places are raw bytes of trivial records;
            // `append` wrote the retained frames.
            unsafe buffer.start.load(fromByteOffset: place(number), as: LogFrame.self)
        }
        @inline(__always)
        nonmutating set {
            // SAFETY: as above.
            unsafe buffer.start.storeBytes(of: newValue, toByteOffset: place(number), as: LogFrame.self)
        }
    }

    /// Stores the frame `number`, the successor of the last one. Grows the ring when the frames from `oldest` on fill
    /// it. O(1) amortised.
    mutating func append(_ frame: LogFrame, number: UInt64, oldest: UInt64, pool: inout BufferPool) {
        if number - oldest > mask { grow(from: oldest, to: number, pool: &pool) }
        self[number] = frame
    }

    @inline(__always)
    private func place(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: number & mask) * MemoryLayout<LogFrame>.stride
    }

    private static func capacity(of buffer: PooledBuffer) -> UInt64 {
        UInt64(buffer.byteCapacity / MemoryLayout<LogFrame>.stride)
    }

    @inline(never)
    private mutating func grow(from oldest: UInt64, to end: UInt64, pool: inout BufferPool) {
        var larger = self
        larger.buffer = pool.take(byteCount: buffer.byteCapacity * 2)
        larger.mask = Self.capacity(of: larger.buffer) - 1
        for number in oldest..<end { larger[number] = self[number] }
        pool.give(buffer)
        self = larger
    }
}
