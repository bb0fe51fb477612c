import Glibc
import Primitives

extension Reactor {
    /// Accepts connections of `descriptor`, a listening socket that the reactor closes in `stopAccepting`.
    public func startAccepting(_ descriptor: Int32) {
        precondition(listener.descriptor < 0, "the reactor has a listener")
        listener.descriptor = descriptor
        listener.isWanted = true
        acceptIfRoom()
    }

    /// Accepts no more and closes the listener; what the kernel had queued for it is refused.
    public func stopAccepting() {
        guard listener.descriptor >= 0, listener.isWanted else { return }
        listener.isWanted = false
        if listener.isAccepting {
            driver.cancel(target: CompletionTag(.accept), tag: CompletionTag(.cancel))
        } else {
            closeListener()
        }
    }

    /// Connections that there is room for besides the reserve.
    private var roomCount: Int {
        descriptors.count - descriptors.outgoingCount - limits.descriptorReserveCount - descriptors.usedIncomingCount
    }

    /// Whether a multishot accept is safe. Twice the queue may come before a cancellation works: once with the submit
    /// at a turn's end, and again with the one that the next turn begins with.
    private var isRoomForMultishot: Bool { roomCount > 2 * limits.listenQueueCountMax }

    /// Arms the accept, unless it is armed or only the reserve is left. A full table would drop clients, and a
    /// multishot accept takes whatever the listener's queue holds before anyone can stop it: the last stretch is
    /// accepted one by one.
    func acceptIfRoom() {
        guard listener.isWanted, !listener.isAccepting, listener.retryAt == nil, roomCount > 0 else { return }
        listener.isAccepting = true
        listener.isMultishot = isRoomForMultishot
        driver.accept(
            listener: listener.descriptor, isMultishot: listener.isMultishot, tag: CompletionTag(.accept))
    }

    func accepted(_ completion: Completion) {
        if !completion.hasMore { listener.isAccepting = false }
        if completion.result >= 0 {
            statistics.acceptCount += 1
            let connection = openSlot(UInt32(completion.result))
            // SAFETY: the entry belongs to the table, which lives as long as the reactor.
            guard let entry = unsafe descriptors.live(connection) else { return }
            unsafe entry.pointee.operationCount += 1
            driver.requestPeerAddress(slot: connection.slot, tag: CompletionTag(.peerAddress, connection))
            if listener.isAccepting, listener.isMultishot, !isRoomForMultishot {
                // Once: until its end this accept is to be taken for one that goes on by itself.
                listener.isMultishot = false
                driver.cancel(target: CompletionTag(.accept), tag: CompletionTag(.cancel))
            }
        } else {
            switch -completion.result {
            case ECANCELED, ECONNABORTED, EINTR:
                break
            default:
                // No descriptor or no memory: a little later there may be.
                statistics.acceptFailureCount += 1
                listener.retryAt = now + .milliseconds(100)
            }
        }
        if !listener.isAccepting {
            if listener.isWanted { acceptIfRoom() } else { closeListener() }
        }
    }

    private func closeListener() {
        guard listener.descriptor >= 0 else { return }
        driver.closeListener(listener.descriptor)
        listener.descriptor = -1
    }
}
