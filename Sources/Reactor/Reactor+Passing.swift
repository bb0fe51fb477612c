import Glibc
import Primitives

extension Reactor {
    /// A connection in transfer to another reactor.
    struct Pass {
        let target: Reactor
        /// The number of the transfer in the target's inbox.
        let number: UInt64
    }

    /// Transfers the connection to another reactor. That reactor's handler gets `connectionArrived` with `parcel`, and
    /// then this one gets `connectionClosed`. If the transfer fails, this one gets `passFailed` and keeps the
    /// connection. The connection must have no operations in flight.
    ///
    /// A `parcel` in transfer is released when one of the two reactors ends.
    public func pass(_ connection: ConnectionID, to other: Reactor, parcel: Handler.Parcel) {
        guard isOpen(connection) else { return }
        precondition(descriptors[connection].operationCount == 0, "operations are in flight on the connection")
        precondition(other !== self, "a connection was passed to where it is")
        let number = other.parcels.put(parcel)
        passes[connection.slot] = Pass(target: other, number: number)
        descriptors[connection].state = .passing
        descriptors[connection].operationCount = 1
        driver.pass(
            slot: connection.slot, to: other.address, remoteTag: CompletionTag(arrival: number),
            tag: CompletionTag(.pass, connection))
    }

    /// Closes a connection in transfer: without its `Parcel`, the reactor that has the connection closes it.
    func withdraw(_ connection: ConnectionID) {
        guard let pass = passes[connection.slot] else { return }
        _ = pass.target.parcels.take(pass.number)
    }

    /// A descriptor arrived from another reactor.
    func arrived(_ completion: Completion) {
        precondition(completion.result >= 0, "the target of a failed transfer was notified")
        let connection = openSlot(UInt32(completion.result))
        guard let parcel = parcels.take(completion.tag.arrivalNumber) else {
            // Its sender closed it meanwhile; the handler was never notified of it.
            descriptors[connection].state = .closing
            finishIfIdle(connection)
            return
        }
        descriptors[connection].isAnnounced = true
        handler.connectionArrived(connection, parcel: parcel)
    }

    /// The result of a transfer, at its sender.
    func passed(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let pass = passes.removeValue(forKey: connection.slot) else {
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
        if let parcel = pass.target.parcels.take(pass.number) {
            handler.passFailed(connection, parcel: parcel)
        } else {
            close(connection)
        }
    }
}
