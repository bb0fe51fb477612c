import Glibc
import Primitives

extension Reactor {
    /// A connection on its way to another reactor.
    struct Pass {
        let target: Reactor
        /// What the target's inbox knows the parcel by.
        let number: UInt64
    }

    /// Passes the connection to another reactor, whose handler gets `connectionArrived` with the parcel, and then this
    /// one `connectionClosed`; or this one gets `passFailed` and keeps it. Nothing may be under way on it.
    ///
    /// A parcel that is under way when one of the two reactors ends is released.
    public func pass(_ connection: ConnectionID, to other: Reactor, parcel: Handler.Parcel) {
        guard isOpen(connection) else { return }
        precondition(descriptors[connection].operationCount == 0, "operations are under way on a passed connection")
        precondition(other !== self, "a connection was passed to where it is")
        let number = other.parcels.put(parcel)
        passes[connection.slot] = Pass(target: other, number: number)
        descriptors[connection].state = .passing
        descriptors[connection].operationCount = 1
        driver.pass(
            slot: connection.slot, to: other.address, remoteTag: CompletionTag(arrival: number),
            tag: CompletionTag(.pass, connection))
    }

    /// Closes a connection that is being passed: without its parcel, whichever reactor has it closes it.
    func withdraw(_ connection: ConnectionID) {
        guard let pass = passes[connection.slot] else { return }
        _ = pass.target.parcels.take(pass.number)
    }

    /// A descriptor came from another reactor.
    func arrived(_ completion: Completion) {
        precondition(completion.result >= 0, "a failed pass was told to its target")
        let connection = openSlot(UInt32(completion.result))
        guard let parcel = parcels.take(completion.tag.arrivalNumber) else {
            // Closed by its sender meanwhile; the handler never knew of it.
            descriptors[connection].state = .closing
            finishIfIdle(connection)
            return
        }
        descriptors[connection].isAnnounced = true
        handler.connectionArrived(connection, parcel: parcel)
    }

    /// What became of a pass, at its sender.
    func passed(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let pass = passes.removeValue(forKey: connection.slot) else {
            preconditionFailure("a pass ended that was not under way")
        }
        descriptors[connection].operationCount -= 1
        guard completion.result < 0 else {
            // The other ring holds the socket now; here only the descriptor is closed, not shut down.
            descriptors[connection].state = .closing
            finishIfIdle(connection)
            return
        }
        descriptors[connection].state = .open
        if completion.result == -EOVERFLOW {
            // The target's table has the descriptor, but the kernel had no memory for the completion that would say
            // where (`io_msg_install_complete`): nobody can close that one. A completion queue that is merely full
            // does not come to this, as the kernel keeps what overflows. The socket stays usable here, and is shut
            // down before it is closed, so that the peer sees the end; the slot is lost until the target's ring ends.
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
