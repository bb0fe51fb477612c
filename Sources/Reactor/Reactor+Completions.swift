import Glibc
import Primitives

// The results of operations on connections. The results of a closing connection are not reported; after the last one
// its descriptor is closed.

extension Reactor {
    func received(_ completion: Completion) {
        let connection = completion.tag.connection
        defer {
            if let index = completion.bufferIndex {
                driver.recycle(bufferIndex: index)
                heldReceiveBufferCount -= 1
            }
        }
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
            // SAFETY: the completion owns the buffer until it is recycled, after the handler has returned.
            let bytes = unsafe driver.receivedBytes(bufferIndex: index, byteCount: Int(completion.result))
            var span = unsafe bytes.mutableSpan
            handler.bytesReceived(connection, &span)
            // A multishot receive that ended early, because the completion queue was full, is armed again after the
            // handler.
            if isMultishot, !completion.hasMore, isOpen(connection), !isReceiving(connection) {
                receive(connection, isMultishot: true)
            }
        } else if completion.result == -ENOBUFS {
            statistics.bufferShortageCount += 1
            // The kernel may have taken the last buffer while completions were handled.
            statistics.heldReceiveBufferCountMax = limits.receiveBufferCount
            hasBufferShortage = true
            receive(connection, isMultishot: isMultishot)
        } else {
            handler.receiveEnded(connection, errnoValue: -min(completion.result, 0))
        }
    }

    func sent(_ completion: Completion) {
        let connection = completion.tag.connection
        guard descriptors.isLive(connection), var send = sends[connection] else {
            statistics.staleCompletionCount += 1
            return
        }
        let isOpen = isOpen(connection)
        if completion.result > 0 { send.advance(byteCount: Int(completion.result)) }
        if isOpen, completion.result > 0, !send.isWhole {
            sends[connection] = send
            // SAFETY: the rest of the same bytes, still owned by `sends`.
            unsafe driver.send(slot: connection.slot, bytes: send.rest, tag: CompletionTag(.send, connection))
            return
        }
        sends[connection] = nil
        descriptors[connection].operationCount -= 1
        if isOpen {
            handler.sendEnded(connection, errnoValue: completion.result > 0 ? 0 : -completion.result)
        } else {
            finishIfIdle(connection)
        }
    }

    /// An operation without data completed.
    func operationEnded(_ completion: Completion) {
        let connection = completion.tag.connection
        guard descriptors.isLive(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        descriptors[connection].operationCount -= 1
        let isAddress = completion.tag.operation == .peerAddress
        // Taken in any case, because this frees the memory of the request.
        let address = isAddress ? driver.takePeerAddress(slot: connection.slot, result: completion.result) : nil
        guard isOpen(connection) else {
            finishIfIdle(connection)
            return
        }
        if isAddress {
            descriptors[connection].isAnnounced = true
            handler.connectionAccepted(connection, from: address)
        } else if completion.tag.operation == .pollWritable {
            handler.becameWritable(connection)
        }
    }

    /// Closes the descriptor of a closing connection once its last operation has completed.
    func finishIfIdle(_ connection: ConnectionID) {
        guard descriptors.state(connection) == .closing, descriptors[connection].operationCount == 0 else { return }
        descriptors[connection].state = .closed
        driver.close(slot: connection.slot, tag: CompletionTag(.close, connection))
    }

    func closed(_ completion: Completion) {
        // Stale when the slot was reassigned before: see `openSlot`.
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
    /// The kernel frees a slot before it posts the completion of the close. Before 6.14, a multishot accept of the same
    /// batch may reassign the slot in between. A slot that was reassigned is therefore closed.
    func openSlot(_ slot: UInt32) -> ConnectionID {
        if let predecessor = descriptors.closedConnection(slot: slot) { closeEnded(predecessor) }
        return descriptors.open(slot: slot)
    }

    /// The number, or the negated `errno`, of the descriptor that `UringDriver.install` created last; returned once.
    public func takeInstalledDescriptor() -> Int32? {
        defer { installedDescriptor = nil }
        return installedDescriptor
    }

    func installed(_ completion: Completion) {
        installedDescriptor = completion.result
    }
}
