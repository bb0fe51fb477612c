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
        if listener.acceptCount > 0 { cancelAccepts() } else { closeListener() }
    }

    private func cancelAccepts() {
        driver.cancel(target: CompletionTag(.accept), tag: CompletionTag(.cancel))
    }

    /// Connections that there is room for besides the reserve.
    private var roomCount: Int {
        descriptors.count - descriptors.outgoingCount - limits.descriptorReserveCount - descriptors.usedIncomingCount
    }

    /// Whether hardly any descriptor is free: connections should be answered and ended, so that others can be accepted.
    public var isCrowded: Bool { roomCount < limits.crowdedRoomCount }

    /// Whether a multishot accept is safe. Twice the queue may come before a cancellation works: once with the submit
    /// at a turn's end, and again with the one that the next turn begins with.
    private var isRoomForMultishot: Bool { roomCount > 2 * limits.listenQueueCountMax }

    /// Arms what accepts there is room for. A full table would drop clients, and a multishot accept takes whatever the
    /// listener's queue holds before anyone can stop it: in the last stretch each accept takes one connection, and
    /// there are only as many as there is room. Several, as a connection a turn would be few when turns are long.
    func acceptIfRoom() {
        guard listener.isWanted, listener.retryAt == nil else { return }
        if listener.acceptCount == 0 { listener.mode = isRoomForMultishot ? .multishot : .single }
        switch listener.mode {
        case .multishot:
            if listener.acceptCount == 0 { armAccept() }
        case .single:
            // With room for a multishot accept again, the single ones run out, and it follows.
            guard !isRoomForMultishot else { return }
            while listener.acceptCount < min(roomCount, limits.singleAcceptCountMax) { armAccept() }
        case .ending:
            break
        }
    }

    private func armAccept() {
        listener.acceptCount += 1
        driver.accept(
            listener: listener.descriptor, isMultishot: listener.mode == .multishot, tag: CompletionTag(.accept))
    }

    func accepted(_ completion: Completion) {
        if !completion.hasMore { listener.acceptCount -= 1 }
        if completion.result >= 0 {
            statistics.acceptCount += 1
            let connection = openSlot(UInt32(completion.result))
            descriptors[connection].operationCount += 1
            driver.requestPeerAddress(slot: connection.slot, tag: CompletionTag(.peerAddress, connection))
            if listener.mode == .multishot, listener.acceptCount > 0, !isRoomForMultishot {
                listener.mode = .ending
                cancelAccepts()
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
        if listener.isWanted {
            acceptIfRoom()
        } else if listener.acceptCount == 0 {
            closeListener()
        }
    }

    private func closeListener() {
        guard listener.descriptor >= 0 else { return }
        driver.closeListener(listener.descriptor)
        listener.descriptor = -1
    }
}
