import Glibc
import Primitives

// The handler's operations on a connection. An identifier that is stale, closing or in transfer is not an error: the
// connection may have ended in this very turn, and nothing is done.

extension Reactor {
    /// Receives one buffer of bytes, or every buffer until the end. At most one receive may be in flight.
    public func receive(_ connection: ConnectionID, isMultishot: Bool) {
        guard isOpen(connection) else { return }
        precondition(!descriptors[connection].isReceiving, "a receive is in flight")
        descriptors[connection].isReceiving = true
        descriptors[connection].isMultishot = isMultishot
        descriptors[connection].operationCount += 1
        driver.receive(slot: connection.slot, isMultishot: isMultishot, tag: CompletionTag(.receive, connection))
    }

    /// Sends bytes and waits for room without limit; `sendEnded` follows. One send at a time. Holds the array of the
    /// slice until then.
    public func send(_ connection: ConnectionID, _ bytes: ArraySlice<UInt8>) {
        guard isOpen(connection) else { return }
        precondition(!bytes.isEmpty, "nothing to send")
        let send = OwnedSend(bytes)
        precondition(sends.updateValue(send, forKey: connection) == nil, "a send is in flight")
        descriptors[connection].operationCount += 1
        // SAFETY: `sends` owns the bytes until the completion.
        unsafe driver.send(slot: connection.slot, bytes: send.rest, tag: CompletionTag(.send, connection))
    }

    /// Sends a copy of `bytes`, in the same way.
    public func send(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        copy.append(contentsOf: bytes)
        send(connection, copy[...])
    }

    /// Queues a send to one connection of a group. It does not wait: the next `submit` executes it, and `shortSend` or
    /// `sendFailed` follows only when it did not send all bytes.
    ///
    /// `bytes` must stay valid and unchanged until the next `submit` has returned. Does not check that the
    /// connection exists: the caller is the hub, which holds it.
    @inline(__always)
    public func trySendInGroup(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        // SAFETY: the caller's promise above is the driver's condition.
        unsafe driver.trySend(
            slot: connection.slot, bytes: bytes, isInGroup: true, tag: CompletionTag(.trySendInGroup, connection))
    }

    /// Queues a single send. The same, but `sendCompleted` or `sendFailed` always follows.
    public func trySend(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        guard isOpen(connection) else { return }
        descriptors[connection].operationCount += 1
        // SAFETY: as for `trySendInGroup`.
        unsafe driver.trySend(
            slot: connection.slot, bytes: bytes, isInGroup: false, tag: CompletionTag(.trySend, connection))
    }

    /// Submits what is queued. Before it returns, the results of `trySend` and `trySendInGroup` are reported, and the
    /// caller may reuse their bytes.
    public func submit() {
        driver.submit()
        arePromptSendsQueued = false
        record()
    }

    /// Polls the socket; one `becameWritable` follows.
    public func pollWritable(_ connection: ConnectionID) {
        guard isOpen(connection) else { return }
        descriptors[connection].operationCount += 1
        driver.pollWritable(slot: connection.slot, tag: CompletionTag(.pollWritable, connection))
    }

    /// Ends the sending direction after the bytes that were sent: the peer reads to the end and sees it.
    public func shutdownSending(_ connection: ConnectionID) {
        guard isOpen(connection) else { return }
        shutdown(connection, isBothDirections: false)
    }

    private func shutdown(_ connection: ConnectionID, isBothDirections: Bool) {
        descriptors[connection].operationCount += 1
        driver.shutdown(
            slot: connection.slot, isBothDirections: isBothDirections, tag: CompletionTag(.shutdown, connection))
    }

    /// Closes the connection; only `connectionClosed` follows. Bytes that the kernel has taken are still sent. Closing
    /// twice is harmless.
    ///
    /// A connection that is being established is given up. A connection in transfer is closed before the other
    /// reactor's handler is notified of it, and its `Transfer` is dropped. If the other reactor has it already,
    /// that one must close it.
    public func close(_ connection: ConnectionID) {
        switch descriptors.state(connection) {
        case .open:
            descriptors[connection].state = .closing
            // A close would not end an armed receive; the shutdown ends every operation of the socket.
            let entry = descriptors[connection]
            if entry.operationCount > 0 || entry.isShared { shutdown(connection, isBothDirections: true) }
            finishIfIdle(connection)
        case .connecting: giveUp(connection)
        case .inTransfer: withdraw(connection)
        case .free, .closing, .closed: break
        }
    }

    /// Calls `timerFired(token)` at or up to 5 ms after `deadline`.
    public func schedule(at deadline: MonotonicInstant, token: UInt64) -> TimerID {
        wheel.schedule(at: deadline, token: token)
    }

    /// Cancels a timer; false when it has fired before.
    @discardableResult
    public func cancel(_ timer: TimerID) -> Bool { wheel.cancel(timer) }

    /// Whether the connection is open: not stale, being established, closing or in transfer.
    public func isOpen(_ connection: ConnectionID) -> Bool { descriptors.state(connection) == .open }

    /// Whether a receive is in flight.
    public func isReceiving(_ connection: ConnectionID) -> Bool {
        descriptors.isLive(connection) && descriptors[connection].isReceiving
    }
}
