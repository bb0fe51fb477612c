import CLiburing
import Glibc
import Primitives

// One function per operation: each fills one submission entry, which is 64 bytes in shared memory. Nothing here
// allocates, and nothing enters the kernel unless the queue is full.

extension UringDriver {
    /// A zeroed submission entry.
    @inline(__always)
    func entry() -> UnsafeMutablePointer<io_uring_sqe> {
        guard let entry = unsafe shim_entry(ring) else { return unsafe entryAfterWait() }
        return unsafe entry
    }

    /// The queue is full: submits it, then takes an entry.
    @inline(never)
    private func entryAfterWait() -> UnsafeMutablePointer<io_uring_sqe> {
        submit()
        guard let entry = unsafe shim_entry(ring) else { fatalError("io_uring takes no submissions") }
        return unsafe entry
    }

    /// See `Driver`. An accept on a socket that does not block would fail at once when no client waits (`EAGAIN`).
    public func prepareListener(_ listener: Int32) { ListeningSocket.setBlocking(true, listener) }

    /// See `Driver`.
    public func accept(listener: Int32, isMultishot: Bool, tag: CompletionTag) {
        let entry = unsafe entry()
        unsafe shim_accept_multishot(entry, listener, tag.bits)
        if !isMultishot { unsafe entry.pointee.ioprio = 0 }
    }

    /// See `Driver`.
    public func closeListener(_ listener: Int32) { Glibc.close(listener) }

    /// See `Driver`.
    public func receive(slot: UInt32, isMultishot: Bool, tag: CompletionTag) {
        unsafe shim_receive(entry(), slot, BufferRing.group, isMultishot ? 1 : 0, tag.bits)
    }

    /// See `Driver`.
    public func send(slot: UInt32, bytes: UnsafeRawBufferPointer, tag: CompletionTag) {
        unsafe shim_send(
            entry(), slot, bytes.baseAddress, UInt32(bytes.count), UInt32(SHIM_WAIT_FLAGS), 0, tag.bits)
    }

    /// See `Driver`.
    public func trySend(slot: UInt32, bytes: UnsafeRawBufferPointer, isInGroup: Bool, tag: CompletionTag) {
        unsafe shim_send(
            entry(), slot, bytes.baseAddress, UInt32(bytes.count), UInt32(SHIM_TRY_SEND_FLAGS),
            isInGroup ? UInt8(SHIM_SKIP_SUCCESS) : 0, tag.bits)
    }

    /// See `Driver`.
    public func pollWritable(slot: UInt32, tag: CompletionTag) {
        unsafe shim_poll_writable(entry(), slot, tag.bits)
    }

    /// See `Driver`.
    public func pollDescriptor(_ descriptor: Int32, isForWriting: Bool, tag: CompletionTag) {
        unsafe shim_poll_descriptor(entry(), descriptor, isForWriting ? 1 : 0, tag.bits)
    }

    /// See `Driver`.
    public func shutdown(slot: UInt32, isBothDirections: Bool, tag: CompletionTag) {
        unsafe shim_shutdown(entry(), slot, Int32((isBothDirections ? SHUT_RDWR : SHUT_WR)), tag.bits)
    }

    /// See `Driver`.
    public func cancel(target: CompletionTag, tag: CompletionTag) {
        unsafe shim_cancel_all(entry(), target.bits, tag.bits)
    }

    /// See `Driver`.
    public func close(slot: UInt32, tag: CompletionTag) {
        unsafe shim_close_direct(entry(), slot, tag.bits)
    }

    /// See `Driver`.
    public func transfer(slot: UInt32, to address: UringAddress, remoteTag: CompletionTag, tag: CompletionTag) {
        unsafe shim_transfer_descriptor(entry(), slot, address.ringDescriptor, remoteTag.bits, tag.bits)
    }

    /// See `Driver`.
    public func wake(_ address: UringAddress, remoteTag: CompletionTag) {
        let tag = CompletionTag(wakeOf: UInt32(address.wakeDescriptor))
        unsafe shim_message_ring(entry(), address.ringDescriptor, remoteTag.bits, tag.bits)
    }

    /// See `Driver`.
    public func wakeFailed(_ tag: CompletionTag) {
        EventWaker(descriptor: Int32(tag.wakeTarget)).wake()
    }

    /// See `Driver`.
    public func requestPeerAddress(slot: UInt32, isIPv6: Bool, tag: CompletionTag) {
        // SAFETY: the cell lives until `takePeerAddress`, which follows the completion.
        unsafe shim_peer_name(entry(), slot, addresses.allocate(slot: slot), isIPv6 ? 28 : 16, tag.bits)
    }

    /// Creates an ordinary descriptor for a direct one (Linux 6.8); the completion carries its number. For benchmarks
    /// that send over the same sockets by other means.
    public func install(slot: UInt32, tag: CompletionTag) {
        unsafe shim_install_descriptor(entry(), slot, tag.bits)
    }

    /// See `Driver`.
    public func takePeerAddress(slot: UInt32, result: Int32) -> PeerAddress? {
        let address = addresses.take(slot: slot)
        return result >= 0 ? address : nil
    }

    /// See `Driver`.
    public func receivedBytes(bufferIndex: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8> {
        unsafe buffers.bytes(index: bufferIndex, byteCount: byteCount)
    }

    /// See `Driver`.
    public func recycle(bufferIndex: UInt16) {
        buffers.recycle(index: bufferIndex)
    }

    /// Arms the read of the event descriptor.
    func armWake() {
        // SAFETY: `wakeBytes` lives as long as the ring.
        unsafe shim_read(entry(), wakeDescriptor, wakeBytes, 8, CompletionTag(.wakeRead).bits)
    }

    // MARK: - Entering the kernel

    /// See `Driver`. Also runs the work that the kernel deferred, so that all short and failed sends are in the queue.
    ///
    /// Returns only when the kernel has taken every entry: the caller may reuse the bytes of `trySend` after this.
    public func submit() {
        while unsafe shim_unsubmitted(ring) > 0 {
            guard unsafe io_uring_submit(ring) <= 0 else { continue }
            submitAfterRefusal()
        }
    }

    /// The kernel took nothing, for lack of memory (-EAGAIN; -EINTR comes only with a wait): let it work, then retry.
    @inline(never)
    private func submitAfterRefusal() {
        for _ in 0..<Self.refusalCountMax {
            unsafe io_uring_get_events(ring)
            if unsafe io_uring_submit(ring) > 0 { return }
            sched_yield()
        }
        fatalError("io_uring takes no submissions")
    }

    /// The number of consecutive refusals after which the kernel counts as out of memory for good.
    private static var refusalCountMax: Int { 100_000 }

    /// See `Driver`.
    public func submitAndWait(until deadline: MonotonicInstant?) {
        var completion: UnsafeMutablePointer<io_uring_cqe>?
        if let deadline {
            let now = now
            if deadline <= now {
                // Do not check the kernel for completions: `drain` enters it when it reports work.
                unsafe io_uring_submit(ring)
                return
            }
            let span = deadline.nanoseconds - now.nanoseconds
            var timeout = __kernel_timespec(
                tv_sec: Int64(clamping: span / 1_000_000_000), tv_nsec: Int64(span % 1_000_000_000))
            unsafe io_uring_submit_and_wait_timeout(ring, &completion, 1, &timeout, nil)
        } else {
            unsafe io_uring_submit_and_wait(ring, 1)
        }
    }

    /// See `Driver`.
    public func drain(into buffer: UnsafeMutableBufferPointer<Completion>) -> Int {
        var count = 0
        var hasEntered = false
        while count < buffer.count {
            // SAFETY: `Completion` has the layout of `io_uring_cqe` (16 bytes: tag, result, flags), as `init` checks.
            let taken = unsafe Int(
                shim_drain(
                    ring,
                    UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped + count)
                        .assumingMemoryBound(to: io_uring_cqe.self), UInt32(buffer.count - count)))
            for index in count..<count + taken where unsafe buffer[index].tag == CompletionTag(.wakeRead) {
                armWake()
            }
            count += taken
            // The kernel runs a limited number of deferred items per call: repeat until it has none. Its flag alone
            // does not prove that there are any: it can be set without work, and stays set until there is work again.
            guard unsafe shim_has_deferred_work(ring) != 0, taken > 0 || !hasEntered else { break }
            unsafe io_uring_get_events(ring)
            hasEntered = true
        }
        return count
    }
}
