/// The receive buffers of an `EpollDriver`: equal parts of one block, shared by all its connections. A buffer is free, or
/// belongs to a completion until it is returned.
@safe struct ReceiveBuffers {
    // SAFETY: indices are checked against `count`. The caller holds the completion that owns a buffer, and a buffer that
    // was returned is not read before it is taken again. The block is valid until `deallocate`.

    private let storage: UnsafeMutablePointer<UInt8>
    private let count: Int
    private let byteCount: Int
    /// The index of the last one that was returned is taken first: its memory is most likely in a cache.
    private var free: [UInt16]

    init(count: Int, byteCount: Int) {
        precondition(count <= Int(UInt16.max) + 1, "an index has 16 bits")
        unsafe storage = .allocate(capacity: count * byteCount)
        self.count = count
        self.byteCount = byteCount
        free = (0..<count).reversed().map { UInt16($0) }
    }

    func deallocate() { unsafe storage.deallocate() }

    /// A buffer that no completion owns; nil when there is none.
    mutating func take() -> UInt16? { free.popLast() }

    /// Frees a buffer.
    mutating func giveBack(_ index: UInt16) {
        precondition(Int(index) < count && free.count < count, "a buffer that is not ours was returned")
        free.append(index)
    }

    /// The first bytes of a buffer.
    func bytes(_ index: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8> {
        precondition(Int(index) < count && byteCount <= self.byteCount, "a completion named a buffer that is not ours")
        return unsafe UnsafeMutableBufferPointer(start: storage + Int(index) * self.byteCount, count: byteCount)
    }

    /// All bytes of a buffer.
    func bytes(_ index: UInt16) -> UnsafeMutableBufferPointer<UInt8> { unsafe bytes(index, byteCount: byteCount) }
}
