import Glibc
import Primitives

extension Reactor {
    /// A connection in transfer to another reactor.
    struct OutgoingTransfer {
        let target: Reactor
        /// The number of the transfer in the target's inbox.
        let number: UInt64
    }

    /// Transfers the connection to another reactor. That reactor's handler gets `connectionTransferred` with `transfer`,
    /// and then this one gets `connectionClosed`. If the transfer fails, this one gets `transferFailed` and keeps the
    /// connection. The connection must have no operations in flight.
    ///
    /// `transfer` is released when one of the two reactors ends before.
    public func transfer(_ connection: ConnectionID, to other: Reactor, with transfer: Handler.Transfer) {
        guard isOpen(connection) else { return }
        precondition(descriptors[connection].operationCount == 0, "operations are in flight on the connection")
        precondition(other !== self, "a connection is transferred to where it is")
        let number = other.incomingTransfers.put(transfer)
        outgoingTransfers[connection.slot] = OutgoingTransfer(target: other, number: number)
        descriptors[connection].state = .inTransfer
        descriptors[connection].operationCount = 1
        driver.transfer(
            slot: connection.slot, to: other.address, remoteTag: CompletionTag(transferReceived: number),
            tag: CompletionTag(.transfer, connection))
    }

    /// Closes a connection in transfer: without its `Transfer`, the reactor that has the connection closes it.
    func withdraw(_ connection: ConnectionID) {
        guard let outgoing = outgoingTransfers[connection.slot] else { return }
        _ = outgoing.target.incomingTransfers.take(outgoing.number)
    }

    /// Another reactor transferred a descriptor here.
    func transferReceived(_ completion: Completion) {
        precondition(completion.result >= 0, "the target of a failed transfer was notified")
        let connection = openSlot(UInt32(completion.result))
        guard let transfer = incomingTransfers.take(completion.tag.transferNumber) else {
            // Its sender closed it meanwhile; the handler was never notified of it.
            descriptors[connection].state = .closing
            finishIfIdle(connection)
            return
        }
        descriptors[connection].isAnnounced = true
        handler.connectionTransferred(connection, transfer: transfer)
    }

    /// The result of a transfer, at its sender.
    func transferEnded(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let outgoing = outgoingTransfers.removeValue(forKey: connection.slot) else {
            preconditionFailure("a transfer ended that was not in flight")
        }
        descriptors[connection].operationCount -= 1
        guard completion.result < 0 else {
            // The other ring holds the socket now: the descriptor is only closed here, not shut down.
            descriptors[connection].state = .closing
            finishIfIdle(connection)
            return
        }
        descriptors[connection].state = .open
        if completion.result == -EOVERFLOW {
            // The target's table has the descriptor, but the kernel had no memory for the completion that would name
            // its slot (`io_msg_install_complete`), so the target cannot close it. A completion queue that is merely
            // full does not lead to this, because the kernel keeps what overflows. The socket stays usable here. It is
            // shut down before it is closed, so that the peer sees the end. The slot is lost until the target's ring
            // ends.
            descriptors[connection].isShared = true
            statistics.strandedDescriptorCount += 1
        }
        if let transfer = outgoing.target.incomingTransfers.take(outgoing.number) {
            handler.transferFailed(connection, transfer: transfer)
        } else {
            close(connection)
        }
    }
}
