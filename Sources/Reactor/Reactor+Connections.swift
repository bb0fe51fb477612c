import Glibc
import Primitives

// What the handler asks of a connection. A name that is stale, closing or passed on is no mistake: the connection may
// have ended in this very turn, and nothing is done.

extension Reactor {
    /// Asks for bytes: one buffer of them, or every buffer until the end. One receive may be under way.
    public func receive(_ connection: ConnectionID, isMultishot: Bool) {
        guard isOpen(connection) else { return }
        precondition(!descriptors[connection].isReceiving, "a receive is under way")
        descriptors[connection].isReceiving = true
        descriptors[connection].isMultishot = isMultishot
        descriptors[connection].operationCount += 1
        driver.receive(slot: connection.slot, isMultishot: isMultishot, tag: CompletionTag(.receive, connection))
    }

    /// Sends a copy of `bytes`, waiting for room as long as it takes; `sendCompleted` follows. One send at a time.
    public func send(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        guard isOpen(connection) else { return }
        precondition(sends[connection.slot] == nil, "a send is under way")
        precondition(!bytes.isEmpty, "nothing to send")
        let send = OwnedSend(copying: bytes)
        sends[connection.slot] = send
        descriptors[connection].operationCount += 1
        // SAFETY: `sends` owns the copy until the completion.
        unsafe driver.send(slot: connection.slot, bytes: send.rest, tag: CompletionTag(.send, connection))
    }

    /// Queues a send that is attempted when the turn's attempts are submitted and that says nothing if all went out.
    ///
    /// `bytes` must stay valid and unchanged until the next `submitAttempts` has returned. No check that the
    /// connection lives: the caller is the hub, which holds it.
    @inline(__always)
    public func attemptQuietly(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        // SAFETY: the caller's promise above is the driver's condition.
        unsafe driver.attempt(
            slot: connection.slot, bytes: bytes, isQuiet: true, tag: CompletionTag(.attemptQuiet, connection))
    }

    /// The same, but `attemptCompleted` or `attemptFailed` always follows.
    public func attempt(_ connection: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        guard isOpen(connection) else { return }
        descriptors[connection].operationCount += 1
        // SAFETY: as for a quiet attempt.
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
        guard isOpen(connection) else { return }
        descriptors[connection].operationCount += 1
        driver.pollWritable(slot: connection.slot, tag: CompletionTag(.poll, connection))
    }

    /// Ends the sending direction behind what was sent: the peer reads to the end and sees it.
    public func shutdownSending(_ connection: ConnectionID) {
        guard isOpen(connection) else { return }
        shutdown(connection, isBothDirections: false)
    }

    private func shutdown(_ connection: ConnectionID, isBothDirections: Bool) {
        descriptors[connection].operationCount += 1
        driver.shutdown(
            slot: connection.slot, isBothDirections: isBothDirections, tag: CompletionTag(.shutdown, connection))
    }

    /// Closes the connection; only `connectionClosed` follows. What was handed to the kernel is still sent. Closing
    /// twice is harmless.
    ///
    /// One that is being established is given up. One that is being passed is closed before the other reactor's
    /// handler hears of it, and its parcel is dropped; unless it is there already, and the other's to close.
    public func close(_ connection: ConnectionID) {
        switch descriptors.state(connection) {
        case .open:
            descriptors[connection].state = .closing
            // A close would not end an armed receive; the shutdown ends every operation of the socket.
            let entry = descriptors[connection]
            if entry.operationCount > 0 || entry.isShared { shutdown(connection, isBothDirections: true) }
            finishIfIdle(connection)
        case .connecting: giveUp(connection)
        case .passing: withdraw(connection)
        case .free, .closing, .closed: break
        }
    }

    /// Calls `timerFired(token)` at or up to 5 ms after `deadline`.
    public func schedule(at deadline: MonotonicInstant, token: UInt64) -> TimerID {
        wheel.schedule(at: deadline, token: token)
    }

    /// Takes a timer back; false when it fired before.
    @discardableResult
    public func cancel(_ timer: TimerID) -> Bool { wheel.cancel(timer) }

    /// Whether the connection is open: not stale, being established, closing or passed on.
    public func isOpen(_ connection: ConnectionID) -> Bool { descriptors.state(connection) == .open }

    /// Whether a receive is under way.
    public func isReceiving(_ connection: ConnectionID) -> Bool {
        descriptors.isLive(connection) && descriptors[connection].isReceiving
    }
}
