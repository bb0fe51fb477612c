import Glibc
import Primitives

extension Reactor {
    // MARK: - Operations of the handler

    /// Asks for bytes: one buffer of them, or every buffer until the end. One receive may be under way.
    public func receive(_ connection: ConnectionID, isMultishot: Bool) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open else { return }
        precondition(unsafe !entry.pointee.isReceiving, "a receive is under way")
        unsafe entry.pointee.isReceiving = true
        unsafe entry.pointee.operationCount += 1
        unsafe entry.pointee.isMultishot = isMultishot
        driver.receive(slot: connection.slot, isMultishot: isMultishot, tag: CompletionTag(.receive, connection))
    }

    /// Sends a copy of `bytes`, waiting for room as long as it takes; `sendCompleted` follows. One send at a time.
    public func send(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open else { return }
        precondition(sends[connection.slot] == nil, "a send is under way")
        precondition(!bytes.isEmpty, "nothing to send")
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        unsafe bytes.withUnsafeBufferPointer { unsafe copy.copyMemory(from: UnsafeRawBufferPointer($0)) }
        sends[connection.slot] = unsafe OwnedSend(bytes: copy)
        unsafe entry.pointee.operationCount += 1
        // SAFETY: the copy is owned by `sends` until the completion.
        unsafe driver.send(
            slot: connection.slot, bytes: UnsafeRawBufferPointer(copy), tag: CompletionTag(.send, connection))
    }

    /// Queues a send that is attempted when the turn's attempts are submitted and that says nothing if all went out.
    ///
    /// `bytes` must stay valid and unchanged until the next `submitAttempts` has returned. No check that the
    /// connection lives: the caller is the hub, which holds it.
    @inline(__always)
    public func attemptQuietly(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        unsafe driver.attempt(
            slot: connection.slot, bytes: bytes, isQuiet: true, tag: CompletionTag(.attemptQuiet, connection))
    }

    /// The same, but `attemptCompleted` or `attemptFailed` always follows.
    public func attempt(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open else { return }
        unsafe entry.pointee.operationCount += 1
        unsafe driver.attempt(
            slot: connection.slot, bytes: bytes, isQuiet: false, tag: CompletionTag(.attempt, connection))
    }

    /// Submits the queued attempts; those that did not go out whole are told before it returns, and the bytes of all
    /// are the caller's again.
    public func submitAttempts() {
        driver.submit()
        record()
    }

    /// Asks for one `becameWritable`.
    public func waitForRoom(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open else { return }
        unsafe entry.pointee.operationCount += 1
        driver.pollWritable(slot: connection.slot, tag: CompletionTag(.poll, connection))
    }

    /// Ends the sending direction behind what was sent: the peer reads to the end and sees it.
    public func shutdownSending(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open else { return }
        unsafe entry.pointee.operationCount += 1
        driver.shutdown(slot: connection.slot, isBothDirections: false, tag: CompletionTag(.shutdown, connection))
    }

    /// Closes the connection; only `connectionClosed` follows. What was handed to the kernel is still sent. One that is
    /// being established is given up. Closing twice is harmless.
    public func close(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection) else { return }
        if unsafe entry.pointee.state == .connecting { return giveUp(connection) }
        guard unsafe entry.pointee.state == .open else { return }
        unsafe entry.pointee.state = .closing
        if unsafe entry.pointee.operationCount > 0 {
            // A close would not end an armed receive; the shutdown ends every operation of the socket.
            unsafe entry.pointee.operationCount += 1
            driver.shutdown(slot: connection.slot, isBothDirections: true, tag: CompletionTag(.shutdown, connection))
        }
        finishIfIdle(connection)
    }

    /// Passes the connection to another reactor, whose handler gets `connectionArrived` with the parcel, and then this
    /// one `connectionClosed`; or this one gets `passFailed` and keeps it. Nothing may be under way on it.
    public func pass(_ connection: ConnectionID, to other: Reactor, parcel: Handler.Parcel) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open else { return }
        precondition(unsafe entry.pointee.operationCount == 0, "operations are under way on a connection to be passed")
        precondition(other !== self, "a connection was passed to where it is")
        unsafe entry.pointee.state = .passing
        unsafe entry.pointee.operationCount = 1
        let box = unsafe Unmanaged.passRetained(ParcelBox(parcel))
        unsafe parcels[connection.slot] = unsafe box
        let address = unsafe UInt(bitPattern: box.toOpaque())
        driver.pass(
            slot: connection.slot, to: other.address, remoteTag: CompletionTag(parcel: address),
            tag: CompletionTag(.pass, connection))
    }

    /// Calls `timerFired(token)` at or up to 5 ms after `deadline`.
    public func schedule(at deadline: MonotonicInstant, token: UInt64) -> TimerID {
        wheel.schedule(at: deadline, token: token)
    }

    /// Takes a timer back; false when it fired before.
    @discardableResult
    public func cancel(_ timer: TimerID) -> Bool { wheel.cancel(timer) }

    /// Whether the connection is open: not stale, closing or passed on.
    public func isOpen(_ connection: ConnectionID) -> Bool {
        guard let entry = unsafe descriptors.live(connection) else { return false }
        return unsafe entry.pointee.state == .open
    }

    /// Whether a receive is under way.
    public func isReceiving(_ connection: ConnectionID) -> Bool {
        guard let entry = unsafe descriptors.live(connection) else { return false }
        return unsafe entry.pointee.isReceiving
    }

    // MARK: - Completions

    func received(_ completion: Completion) {
        let connection = completion.tag.connection
        defer { if let index = completion.bufferIndex { driver.recycle(bufferIndex: index) } }
        guard let entry = unsafe descriptors.live(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        if !completion.hasMore {
            unsafe entry.pointee.isReceiving = false
            unsafe entry.pointee.operationCount -= 1
        }
        guard unsafe entry.pointee.state == .open else {
            finishIfIdle(connection)
            return
        }
        if completion.result > 0, let index = completion.bufferIndex {
            let bytes = unsafe driver.receivedBytes(bufferIndex: index, byteCount: Int(completion.result))
            let isMultishot = unsafe entry.pointee.isMultishot
            // A multishot receive that ended early, as its queue of completions was full, goes on after the handler.
            var span = unsafe bytes.mutableSpan
            handler.bytesReceived(connection, &span)
            if isMultishot, !completion.hasMore { rearm(connection) }
        } else if completion.result == -ENOBUFS {
            statistics.bufferShortageCount += 1
            receive(connection, isMultishot: unsafe entry.pointee.isMultishot)
        } else {
            handler.receiveEnded(connection, errnoValue: -min(completion.result, 0))
        }
    }

    private func rearm(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .open,
            unsafe !entry.pointee.isReceiving
        else { return }
        receive(connection, isMultishot: true)
    }

    func sent(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let entry = unsafe descriptors.live(connection), var send = sends[connection.slot] else {
            statistics.staleCompletionCount += 1
            return
        }
        if completion.result > 0 { send.sentByteCount += Int(completion.result) }
        let isOpen = unsafe entry.pointee.state == .open
        if isOpen, completion.result > 0, unsafe send.sentByteCount < send.bytes.count {
            sends[connection.slot] = send
            // SAFETY: the rest of the same copy, still owned by `sends`.
            unsafe driver.send(
                slot: connection.slot, bytes: UnsafeRawBufferPointer(rebasing: send.bytes[send.sentByteCount...]),
                tag: CompletionTag(.send, connection))
            return
        }
        unsafe send.bytes.deallocate()
        sends[connection.slot] = nil
        unsafe entry.pointee.operationCount -= 1
        if isOpen {
            handler.sendCompleted(connection, errnoValue: completion.result > 0 ? 0 : -completion.result)
        } else {
            finishIfIdle(connection)
        }
    }

    /// The end of an operation that carries no data.
    func operationEnded(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let entry = unsafe descriptors.live(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        unsafe entry.pointee.operationCount -= 1
        let address =
            completion.tag.operation == .peerAddress
            ? driver.takePeerAddress(slot: connection.slot, result: completion.result) : nil
        guard unsafe entry.pointee.state == .open else {
            finishIfIdle(connection)
            return
        }
        if completion.tag.operation == .peerAddress {
            unsafe entry.pointee.isAnnounced = true
            handler.connectionAccepted(connection, from: address)
        } else if completion.tag.operation == .poll {
            handler.becameWritable(connection)
        }
    }

    func arrived(_ completion: Completion) {
        // SAFETY: the sender retained the box for this completion, which comes once.
        let box = unsafe Unmanaged<ParcelBox<Handler.Parcel>>.fromOpaque(
            UnsafeRawPointer(bitPattern: completion.tag.parcelAddress).unsafelyUnwrapped
        ).takeRetainedValue()
        precondition(completion.result >= 0, "a failed pass was told to its target")
        let connection = openSlot(UInt32(completion.result))
        unsafe descriptors.live(connection)?.pointee.isAnnounced = true
        handler.connectionArrived(connection, parcel: box.parcel)
    }

    func passed(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let entry = unsafe descriptors.live(connection),
            let box = unsafe parcels.removeValue(forKey: connection.slot)
        else { preconditionFailure("a pass ended that was not under way") }
        unsafe entry.pointee.operationCount -= 1
        if completion.result >= 0 {
            // The other ring holds the socket now, and owns the box; here only the descriptor is closed, not shut down.
            unsafe entry.pointee.state = .closing
            finishIfIdle(connection)
        } else {
            unsafe entry.pointee.state = .open
            handler.passFailed(connection, parcel: unsafe box.takeRetainedValue().parcel)
        }
    }

    /// Closes the descriptor once the last operation of a closing connection is through.
    func finishIfIdle(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection), unsafe entry.pointee.state == .closing,
            unsafe entry.pointee.operationCount == 0
        else { return }
        unsafe entry.pointee.state = .closed
        driver.close(slot: connection.slot, tag: CompletionTag(.close, connection))
    }

    func closed(_ completion: Completion) {
        // Nil when the slot was given away before: see `openSlot`.
        guard unsafe descriptors.live(completion.tag.connection) != nil else { return }
        closeEnded(completion.tag.connection)
        acceptIfRoom()
    }

    private func closeEnded(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection) else { return }
        let isAnnounced = unsafe entry.pointee.isAnnounced
        descriptors.release(slot: connection.slot)
        if isAnnounced { handler.connectionClosed(connection) }
    }

    /// Takes the slot that the kernel chose for a new connection.
    ///
    /// The kernel frees a slot before it posts the completion of the close, and before 6.14 a multishot accept of the
    /// same batch may give the slot away in between: that the slot is given says that the close is done.
    func openSlot(_ slot: UInt32) -> ConnectionID {
        if let predecessor = descriptors.closedConnection(slot: slot) { closeEnded(predecessor) }
        return descriptors.open(slot: slot)
    }

    /// The number, or the negated `errno`, of the descriptor that `UringDriver.install` made last; once.
    public func takeInstalledDescriptor() -> Int32? {
        defer { installedDescriptor = nil }
        return installedDescriptor
    }

    func installed(_ completion: Completion) {
        installedDescriptor = completion.result
    }
}
