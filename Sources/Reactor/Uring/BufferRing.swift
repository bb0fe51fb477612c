import CLiburing
import Glibc

/// The receive buffers that the kernel picks from: one ring of equal buffers for all connections of a reactor.
///
/// A connection that waits for bytes holds no buffer. A buffer belongs to the kernel until a completion names it, then
/// to the reactor until `recycle`.
@safe struct BufferRing {
    /// The number of the buffer group on its ring; there is one group.
    static let group: UInt16 = 0

    private let entries: UnsafeMutablePointer<io_uring_buf_ring>
    private let storage: UnsafeMutablePointer<UInt8>
    /// The number of buffers in the ring, a power of two.
    let count: Int
    /// The size of a buffer in bytes.
    let byteCount: Int

    /// Allocates and registers `count` buffers with `ring`.
    init(ring: UnsafeMutablePointer<io_uring>, count: Int, byteCount: Int) throws(DriverError) {
        precondition(count.nonzeroBitCount == 1 && count <= 32_768, "a buffer ring has a power of two of entries")
        let entryByteCount = count * MemoryLayout<io_uring_buf>.stride
        let pageByteCount = 4_096
        let memory = UnsafeMutableRawPointer.allocate(byteCount: entryByteCount, alignment: pageByteCount)
        unsafe entries = memory.bindMemory(to: io_uring_buf_ring.self, capacity: 1)
        unsafe storage = UnsafeMutableRawPointer.allocate(byteCount: count * byteCount, alignment: pageByteCount)
            .bindMemory(to: UInt8.self, capacity: count * byteCount)
        // The kernel takes the buffers in turn, so all of them are soon resident. Now they cost no faults of receives.
        _ = unsafe (memset(memory, 0, entryByteCount), memset(storage, 0, count * byteCount))
        self.count = count
        self.byteCount = byteCount
        var registration = io_uring_buf_reg()
        registration.ring_addr = UInt64(UInt(bitPattern: memory))
        registration.ring_entries = UInt32(count)
        registration.bgid = Self.group
        let status = unsafe io_uring_register_buf_ring(ring, &registration, 0)
        guard status == 0 else {
            unsafe memory.deallocate()
            unsafe storage.deallocate()
            throw .resource(operation: "registering \(count) receive buffers", errnoValue: -status)
        }
        for index in 0..<count { recycle(index: UInt16(index)) }
    }

    /// The bytes of the buffer `index`.
    func bytes(index: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8> {
        precondition(Int(index) < count && byteCount <= self.byteCount, "a completion named a buffer that is not ours")
        // SAFETY: the index is in bounds, and the caller holds the completion that owns the buffer.
        return unsafe UnsafeMutableBufferPointer(start: storage + Int(index) * self.byteCount, count: byteCount)
    }

    /// Gives the buffer `index` to the kernel.
    func recycle(index: UInt16) {
        // SAFETY: as for `bytes`; the reactor does not read the buffer after this.
        unsafe shim_buffer_return(
            entries, storage + Int(index) * byteCount, UInt32(byteCount), index, Int32(count - 1))
    }

    /// Takes the buffers from the kernel and frees them.
    func unregister(from ring: UnsafeMutablePointer<io_uring>) {
        unsafe io_uring_unregister_buf_ring(ring, Int32(Self.group))
        unsafe UnsafeMutableRawPointer(entries).deallocate()
        unsafe storage.deallocate()
    }
}
