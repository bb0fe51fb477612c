import Glibc
import Primitives

// Receiving and sending: one system call for each buffer.

extension EpollDriver {
    /// A send that waits for room.
    @safe struct WaitingSend {
        // SAFETY: the owner of the send keeps the bytes until its final completion, with which the value ends.

        let tag: CompletionTag
        let bytes: UnsafeRawBufferPointer
        var sentByteCount: Int
    }

    /// A send that does not wait, and is to be made.
    @safe struct WaitingTry {
        // SAFETY: the caller keeps the bytes until the next `submit` has returned, with which the value ends.

        let tag: CompletionTag
        let slot: UInt32
        let isInGroup: Bool
        let bytes: UnsafeRawBufferPointer
    }

    /// Buffers that one connection may fill before it is the others' turn.
    private static var receiveCountMax: Int { 8 }

    // MARK: - Receiving

    /// See `Driver`. Receives with the next wait.
    public func receive(slot: UInt32, isMultishot: Bool, tag: CompletionTag) {
        let index = Int(slot)
        guard sockets[index].descriptor >= 0 else { return post(tag, -EBADF) }
        sockets[index].receiveTag = tag
        sockets[index].set(isMultishot ? [.receiving, .multishot] : .receiving)
        if sockets[index].has(.readable) { list(slot) }
    }

    /// The slot receives before the next wait ends.
    func list(_ slot: UInt32) {
        guard !sockets[Int(slot)].has(.listed) else { return }
        sockets[Int(slot)].set(.listed)
        receivable.append(slot)
    }

    /// Receives on the slots that are listed. One that may have more is listed again.
    func receiveListed() {
        guard !receivable.isEmpty else { return }
        let slots = receivable
        receivable.removeAll(keepingCapacity: true)
        for slot in slots {
            sockets[Int(slot)].clear(.listed)
            for _ in 0..<Self.receiveCountMax where isReceivable(slot) { receiveOnce(slot) }
            if isReceivable(slot) { list(slot) }
        }
    }

    private func isReceivable(_ slot: UInt32) -> Bool { sockets[Int(slot)].has([.receiving, .readable]) }

    private func receiveOnce(_ slot: UInt32) {
        let index = Int(slot)
        guard let buffer = buffers.take() else { return endReceive(slot, -ENOBUFS) }
        // SAFETY: the buffer is free, and the call writes no more than its bytes.
        let bytes = unsafe buffers.bytes(buffer)
        let result = unsafe SocketCalls.receive(sockets[index].descriptor, into: UnsafeMutableRawBufferPointer(bytes))
        guard result > 0 else {
            buffers.giveBack(buffer)
            switch result {
            case -EAGAIN: sockets[index].clear(.readable)
            case -EINTR: break
            default: endReceive(slot, result)
            }
            return
        }
        // What arrives from now on is announced. The end is announced once, perhaps before these bytes were received.
        if Int(result) < bytes.count, !sockets[index].has(.ended) { sockets[index].clear(.readable) }
        let flags = UInt32(buffer) << 16 | Completion.bufferFlag
        if sockets[index].has(.multishot) {
            post(sockets[index].receiveTag, result, flags: flags | Completion.moreFlag)
        } else {
            endReceive(slot, result, flags: flags)
        }
    }

    private func endReceive(_ slot: UInt32, _ result: Int32, flags: UInt32 = 0) {
        sockets[Int(slot)].clear([.receiving, .multishot])
        post(sockets[Int(slot)].receiveTag, result, flags: flags)
    }

    /// See `Driver`.
    public func receivedBytes(bufferIndex: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8> {
        unsafe buffers.bytes(bufferIndex, byteCount: byteCount)
    }

    /// See `Driver`.
    public func recycle(bufferIndex: UInt16) { buffers.giveBack(bufferIndex) }

    // MARK: - Sending

    /// See `Driver`. What there is room for is sent at once.
    public func send(slot: UInt32, bytes: UnsafeRawBufferPointer, tag: CompletionTag) {
        guard sockets[Int(slot)].descriptor >= 0 else { return post(tag, -EBADF) }
        sendTries()
        // SAFETY: the caller keeps the bytes until the final completion, with which the entry ends.
        unsafe sends[slot] = WaitingSend(tag: tag, bytes: bytes, sentByteCount: 0)
        sockets[Int(slot)].set(.sending)
        sendMore(slot)
    }

    /// Sends more of what waits for room.
    func sendMore(_ slot: UInt32) {
        guard var send = sends[slot] else { return }
        while true {
            // SAFETY: the count of bytes sent never passes the end.
            let rest = unsafe UnsafeRawBufferPointer(rebasing: send.bytes[send.sentByteCount...])
            let result = unsafe SocketCalls.send(sockets[Int(slot)].descriptor, rest)
            if result == -EINTR { continue }
            if result == -EAGAIN {
                sockets[Int(slot)].clear(.writable)
                sends[slot] = send
                return
            }
            if result > 0 {
                send.sentByteCount += Int(result)
                if unsafe send.sentByteCount < send.bytes.count { continue }
            }
            sends[slot] = nil
            sockets[Int(slot)].clear(.sending)
            // As on the ring, an error after a part is that part's short count.
            return post(send.tag, send.sentByteCount > 0 ? Int32(clamping: send.sentByteCount) : result)
        }
    }

    /// See `Driver`. The calls of a turn are made together, by `submit` or before the next other operation that sends or
    /// ends: a client or a proxy on this machine that each of them woke would take the processor in between.
    public func trySend(slot: UInt32, bytes: UnsafeRawBufferPointer, isInGroup: Bool, tag: CompletionTag) {
        guard sockets[Int(slot)].descriptor >= 0 else { return post(tag, -EBADF) }
        // SAFETY: the caller keeps the bytes until the next `submit` has returned.
        unsafe tries.append(WaitingTry(tag: tag, slot: slot, isInGroup: isInGroup, bytes: bytes))
    }

    /// Makes the calls for the sends that were queued.
    func sendTries() {
        guard !tries.isEmpty else { return }
        for send in tries {
            // SAFETY: `submit` has not returned since the send was queued.
            let result = unsafe SocketCalls.send(sockets[Int(send.slot)].descriptor, send.bytes)
            let isWhole = unsafe Int(result) == send.bytes.count
            if !isWhole { sockets[Int(send.slot)].clear(.writable) }
            if !(isWhole && send.isInGroup) { post(send.tag, result) }
        }
        tries.removeAll(keepingCapacity: true)
    }

    // MARK: - Completions

    /// See `Driver`.
    public func drain(into buffer: UnsafeMutableBufferPointer<Completion>) -> Int {
        var count = 0
        while count < buffer.count, let completion = completions.popFirst() {
            // SAFETY: the index is below the buffer's count.
            unsafe buffer[count] = completion
            count += 1
        }
        return count
    }
}
