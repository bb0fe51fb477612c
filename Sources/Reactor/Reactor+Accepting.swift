import Glibc
import Primitives

extension Reactor {
    /// Accepts connections of `descriptor`, a listening socket that the reactor closes in `stopAccepting`. One of each
    /// kind.
    public func startAccepting(_ descriptor: Int32, as kind: ListenerKind = .main) {
        precondition(listeners[kind].descriptor < 0, "the reactor has a listener of this kind")
        precondition(kind == .main || limits.sideConnectionCountMax > 0, "no descriptors are kept for a side listener")
        listeners[kind].descriptor = descriptor
        listeners[kind].isWanted = true
        acceptIfRoom(kind)
    }

    /// Accepts no more and closes the listeners; the kernel refuses the connections in their queues.
    public func stopAccepting() {
        stopAccepting(.main)
        stopAccepting(.side)
    }

    private func stopAccepting(_ kind: ListenerKind) {
        guard listeners[kind].descriptor >= 0, listeners[kind].isWanted else { return }
        listeners[kind].isWanted = false
        if listeners[kind].acceptCount > 0 { cancelAccepts(kind) } else { closeListener(kind) }
    }

    private func cancelAccepts(_ kind: ListenerKind) {
        driver.cancel(target: CompletionTag(acceptOf: kind), tag: CompletionTag(.cancel))
    }

    /// The listener that a connection came by; `main` for those that came otherwise. O(1).
    public func listener(of connection: ConnectionID) -> ListenerKind {
        descriptors.isLive(connection) && descriptors[connection].isSide ? .side : .main
    }

    /// Connections that a listener has room for: the main one besides the reserve and the side listener's descriptors,
    /// the side one within its own.
    private func roomCount(_ kind: ListenerKind) -> Int {
        switch kind {
        case .main:
            descriptors.count - descriptors.outgoingCount - limits.descriptorReserveCount
                - limits.sideConnectionCountMax - (descriptors.usedIncomingCount - listeners.sideConnectionCount)
        case .side: limits.sideConnectionCountMax - listeners.sideConnectionCount
        }
    }

    /// Whether hardly any descriptor is free: connections should be answered and ended, so that others can be accepted.
    public var isCrowded: Bool { roomCount(.main) < limits.crowdedRoomCount }

    /// The same of the listener that a connection came by. The side listener is crowded in its last quarter.
    public func isCrowded(for connection: ConnectionID) -> Bool {
        switch listener(of: connection) {
        case .main: isCrowded
        case .side: roomCount(.side) < limits.sideConnectionCountMax / 4
        }
    }

    /// Whether a multishot accept is safe. Twice the queue may come before a cancellation works: once with the submit
    /// at a turn's end, and again with the one that the next turn begins with.
    private func isRoomForMultishot(_ kind: ListenerKind) -> Bool {
        kind == .main && roomCount(.main) > 2 * limits.listenQueueCountMax
    }

    /// Arms what accepts there is room for, of each listener.
    func acceptIfRoom() {
        acceptIfRoom(.main)
        acceptIfRoom(.side)
    }

    /// Arms what accepts there is room for. A full table would drop clients, and a multishot accept takes whatever the
    /// listener's queue holds before it can be cancelled: in the last stretch each accept takes one connection, and
    /// there are only as many as there is room. Several, as a connection a turn would be few when turns are long.
    private func acceptIfRoom(_ kind: ListenerKind) {
        guard listeners[kind].isWanted, listeners[kind].retryAt == nil else { return }
        if listeners[kind].acceptCount == 0 {
            listeners[kind].mode = isRoomForMultishot(kind) ? .multishot : .single
        }
        switch listeners[kind].mode {
        case .multishot:
            if listeners[kind].acceptCount == 0 { armAccept(kind) }
        case .single:
            // With room for a multishot accept again, the single ones run out, and it follows.
            guard !isRoomForMultishot(kind) else { return }
            while listeners[kind].acceptCount < min(roomCount(kind), limits.singleAcceptCountMax) { armAccept(kind) }
        case .ending:
            break
        }
    }

    private func armAccept(_ kind: ListenerKind) {
        listeners[kind].acceptCount += 1
        driver.accept(
            listener: listeners[kind].descriptor, isMultishot: listeners[kind].mode == .multishot,
            tag: CompletionTag(acceptOf: kind))
    }

    func accepted(_ completion: Completion) {
        let kind = completion.tag.acceptingListener
        if !completion.hasMore { listeners[kind].acceptCount -= 1 }
        if completion.result >= 0 {
            statistics.acceptCount += 1
            begin(openSlot(UInt32(completion.result)), acceptedBy: kind)
            if listeners[kind].mode == .multishot, listeners[kind].acceptCount > 0, !isRoomForMultishot(kind) {
                listeners[kind].mode = .ending
                cancelAccepts(kind)
            }
        } else {
            switch -completion.result {
            case ECANCELED, ECONNABORTED, EINTR:
                break
            default:
                // No descriptor or no memory: a little later there may be.
                statistics.acceptFailureCount += 1
                listeners[kind].retryAt = now + .milliseconds(100)
            }
        }
        if listeners[kind].isWanted {
            acceptIfRoom(kind)
        } else if listeners[kind].acceptCount == 0 {
            closeListener(kind)
        }
    }

    private func begin(_ connection: ConnectionID, acceptedBy kind: ListenerKind) {
        switch kind {
        case .main:
            descriptors[connection].operationCount += 1
            driver.requestPeerAddress(slot: connection.slot, tag: CompletionTag(.peerAddress, connection))
        case .side:
            listeners.sideConnectionCount += 1
            descriptors[connection].isSide = true
            descriptors[connection].isAnnounced = true
            handler.connectionAccepted(connection, from: nil)
        }
    }

    /// Tries accepts again that failed, when their time has come.
    func retryAccepts() {
        retryAccept(.main)
        retryAccept(.side)
    }

    private func retryAccept(_ kind: ListenerKind) {
        guard let retryAt = listeners[kind].retryAt, retryAt <= now else { return }
        listeners[kind].retryAt = nil
        acceptIfRoom(kind)
    }

    private func closeListener(_ kind: ListenerKind) {
        guard listeners[kind].descriptor >= 0 else { return }
        driver.closeListener(listeners[kind].descriptor)
        listeners[kind].descriptor = -1
    }
}
