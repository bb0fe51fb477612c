import Glibc
import Primitives

// What became of the operations on connections. A completion of a connection that is closing is not told; the last one
// lets its descriptor be closed.

extension Reactor {
    func received(_ completion: Completion) {
        let connection = completion.tag.connection
        defer { if let index = completion.bufferIndex { driver.recycle(bufferIndex: index) } }
        guard descriptors.isLive(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        let isMultishot = descriptors[connection].isMultishot
        if !completion.hasMore {
            descriptors[connection].isReceiving = false
            descriptors[connection].operationCount -= 1
        }
        guard isOpen(connection) else {
            finishIfIdle(connection)
            return
        }
        if completion.result > 0, let index = completion.bufferIndex {
            // SAFETY: the completion owns the buffer until it is recycled, when the handler has returned.
            let bytes = unsafe driver.receivedBytes(bufferIndex: index, byteCount: Int(completion.result))
            var span = unsafe bytes.mutableSpan
            handler.bytesReceived(connection, &span)
            // A multishot receive that ended early, as its queue of completions was full, goes on after the handler.
            if isMultishot, !completion.hasMore, isOpen(connection), !isReceiving(connection) {
                receive(connection, isMultishot: true)
            }
        } else if completion.result == -ENOBUFS {
            statistics.bufferShortageCount += 1
            hasBufferShortage = true
            receive(connection, isMultishot: isMultishot)
        } else {
            handler.receiveEnded(connection, errnoValue: -min(completion.result, 0))
        }
    }

    func sent(_ completion: Completion) {
        let connection = completion.tag.connection
        guard descriptors.isLive(connection), var send = sends[connection.slot] else {
            statistics.staleCompletionCount += 1
            return
        }
        let isOpen = isOpen(connection)
        if completion.result > 0 { send.advance(byteCount: Int(completion.result)) }
        if isOpen, completion.result > 0, !send.isWhole {
            sends[connection.slot] = send
            // SAFETY: the rest of the same copy, still owned by `sends`.
            unsafe driver.send(slot: connection.slot, bytes: send.rest, tag: CompletionTag(.send, connection))
            return
        }
        send.deallocate()
        sends[connection.slot] = nil
        descriptors[connection].operationCount -= 1
        if isOpen {
            handler.sendCompleted(connection, errnoValue: completion.result > 0 ? 0 : -completion.result)
        } else {
            finishIfIdle(connection)
        }
    }

    /// The end of an operation that carries no data.
    func operationEnded(_ completion: Completion) {
        let connection = completion.tag.connection
        guard descriptors.isLive(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        descriptors[connection].operationCount -= 1
        let isAddress = completion.tag.operation == .peerAddress
        // Taken in any case: it frees the memory of the request.
        let address = isAddress ? driver.takePeerAddress(slot: connection.slot, result: completion.result) : nil
        guard isOpen(connection) else {
            finishIfIdle(connection)
            return
        }
        if isAddress {
            descriptors[connection].isAnnounced = true
            handler.connectionAccepted(connection, from: address)
        } else if completion.tag.operation == .poll {
            handler.becameWritable(connection)
        }
    }

    /// Closes the descriptor once the last operation of a closing connection is through.
    func finishIfIdle(_ connection: ConnectionID) {
        guard descriptors.state(connection) == .closing, descriptors[connection].operationCount == 0 else { return }
        descriptors[connection].state = .closed
        driver.close(slot: connection.slot, tag: CompletionTag(.close, connection))
    }

    func closed(_ completion: Completion) {
        // Stale when the slot was given away before: see `openSlot`.
        guard descriptors.isLive(completion.tag.connection) else { return }
        closeEnded(completion.tag.connection)
        acceptIfRoom()
    }

    private func closeEnded(_ connection: ConnectionID) {
        let isAnnounced = descriptors[connection].isAnnounced
        if descriptors[connection].isSide { listeners.sideConnectionCount -= 1 }
        descriptors.release(connection)
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
