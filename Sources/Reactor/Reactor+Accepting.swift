import Glibc
import Primitives

extension Reactor {
    /// Accepts connections of `descriptor`, a listening socket that the reactor closes in `stopAccepting`. At most one
    /// of each kind. The addresses of peers are known only if `isIPv6` is right about the socket's family. A socket that
    /// `isInherited` outlives the process: what the kernel is to do with it stays as it is.
    public func startAccepting(
        _ descriptor: Int32, as kind: ListenerKind = .main, isIPv6: Bool = false, isInherited: Bool = false
    ) {
        precondition(listeners[kind].descriptor < 0, "the reactor has a listener of this kind")
        precondition(kind.sharesRoom || limits.sideConnectionCountMax > 0, "no descriptors are kept for a side one")
        listeners[kind].descriptor = descriptor
        listeners[kind].isIPv6 = isIPv6
        listeners[kind].isInherited = isInherited
        listeners[kind].isWanted = true
        driver.prepareListener(descriptor)
        acceptIfRoom(kind)
    }

    /// Stops accepting and closes the listeners; the kernel resets the connections in their queues.
    public func stopAccepting() {
        for kind in ListenerKind.allCases { stopAccepting(kind) }
    }

    /// The same of one listener.
    public func stopAccepting(_ kind: ListenerKind) {
        guard listeners[kind].descriptor >= 0, listeners[kind].isWanted else { return }
        listeners[kind].isWanted = false
        if listeners[kind].isSteered { ListenerGroup.endSteering(listeners[kind].descriptor) }
        if listeners[kind].acceptCount > 0 { cancelAccepts(kind) } else { closeListener(kind) }
    }

    private func cancelAccepts(_ kind: ListenerKind) {
        driver.cancel(target: CompletionTag(acceptOf: kind), tag: CompletionTag(.cancel))
    }

    /// Whether a listener is open, or is being closed.
    public var isListening: Bool { ListenerKind.allCases.contains { listeners[$0].descriptor >= 0 } }

    /// Whether another process that listens on the address of the listener gets its new connections.
    public func isSteered(_ kind: ListenerKind) -> Bool { listeners[kind].isSteered }

    /// Connections of the side listener that still have their descriptors.
    public var sideConnectionCount: Int { listeners.sideConnectionCount }

    /// The listener that accepted a connection; `main` for connections that no listener accepted. O(1).
    public func listener(of connection: ConnectionID) -> ListenerKind {
        guard descriptors.isLive(connection) else { return .main }
        let entry = descriptors[connection]
        return entry.isSide ? .side : entry.isSecond ? .second : .main
    }

    /// The number of connections that a listener has room for. The main and the second listener leave the reserve and the
    /// descriptors of the side listener free; the side listener uses only its own.
    private func roomCount(_ kind: ListenerKind) -> Int {
        switch kind {
        case .main, .second:
            descriptors.count - descriptors.outgoingCount - limits.descriptorReserveCount
                - limits.sideConnectionCountMax - (descriptors.usedIncomingCount - listeners.sideConnectionCount)
        case .side: limits.sideConnectionCountMax - listeners.sideConnectionCount
        }
    }

    /// Whether hardly any descriptor is free: connections should be answered and closed, so that others can be
    /// accepted.
    public var isCrowded: Bool { roomCount(.main) < limits.crowdedRoomCount }

    /// The same for the listener of a connection. The side listener is crowded when less than a quarter of it is free.
    public func isCrowded(for connection: ConnectionID) -> Bool {
        switch listener(of: connection) {
        case .main, .second: isCrowded
        case .side: roomCount(.side) < limits.sideConnectionCountMax / 4
        }
    }

    /// Whether a multishot accept is safe. It may accept twice the listener's queue before a cancellation takes effect:
    /// once with the submit at the end of a turn, and again with the submit at the beginning of the next. The listeners
    /// that share the room may do so together.
    private func isRoomForMultishot(_ kind: ListenerKind) -> Bool {
        kind.sharesRoom && roomCount(kind) > 2 * limits.listenQueueCountMax * max(1, listeners.wantedSharingCount)
    }

    /// Arms as many accepts of each listener as there is room for.
    func acceptIfRoom() {
        for kind in ListenerKind.allCases { acceptIfRoom(kind) }
    }

    /// Arms as many accepts as there is room for. A full table would drop clients, and a multishot accept takes the
    /// whole queue of the listener before it can be cancelled. When room is short, each accept therefore takes one
    /// connection, and there are at most as many accepts as there is room. Several are armed, because one connection
    /// per turn would be too few when turns are long.
    private func acceptIfRoom(_ kind: ListenerKind) {
        guard listeners[kind].isWanted, listeners[kind].retryAt == nil else { return }
        if listeners[kind].acceptCount == 0 {
            listeners[kind].mode = isRoomForMultishot(kind) ? .multishot : .single
        }
        switch listeners[kind].mode {
        case .multishot:
            if listeners[kind].acceptCount == 0 { armAccept(kind) }
        case .single:
            // When there is room for a multishot accept again, the single accepts run out, and the multishot accept
            // follows.
            guard !isRoomForMultishot(kind) else { return }
            armSingleAccepts(kind)
        case .ending:
            break
        }
    }

    /// Arms accepts of one connection each. Listeners that share their room have equal parts of it. The accepts of one
    /// that holds more, from a time with more room, are cancelled when another one has none.
    private func armSingleAccepts(_ kind: ListenerKind) {
        let roomCount = roomCount(kind)
        let shareCount = kind.sharesRoom ? roomCount / max(1, listeners.wantedSharingCount) : roomCount
        let countMax = min(limits.singleAcceptCountMax, max(1, shareCount))
        var freeCount = roomCount - (kind.sharesRoom ? listeners.sharingAcceptCount : listeners[kind].acceptCount)
        while listeners[kind].acceptCount < countMax, freeCount > 0 {
            armAccept(kind)
            freeCount -= 1
        }
        guard listeners[kind].acceptCount == 0, roomCount > 0 else { return }
        for other in ListenerKind.allCases
        where other != kind && other.sharesRoom && listeners[other].mode == .single
            && listeners[other].acceptCount > shareCount
        {
            listeners[other].mode = .ending
            cancelAccepts(other)
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
                // No descriptor or no memory is free: retry a little later.
                statistics.acceptFailureCount += 1
                listeners[kind].retryAt = now + .milliseconds(100)
            }
        }
        if listeners[kind].isWanted {
            if kind.sharesRoom, listeners.wantedSharingCount > 1 { acceptIfRoom() } else { acceptIfRoom(kind) }
        } else if listeners[kind].acceptCount == 0 {
            closeListener(kind)
        }
    }

    private func begin(_ connection: ConnectionID, acceptedBy kind: ListenerKind) {
        switch kind {
        case .main, .second:
            descriptors[connection].isSecond = kind == .second
            descriptors[connection].operationCount += 1
            driver.requestPeerAddress(
                slot: connection.slot, isIPv6: listeners[kind].isIPv6, tag: CompletionTag(.peerAddress, connection))
        case .side:
            listeners.sideConnectionCount += 1
            descriptors[connection].isSide = true
            descriptors[connection].isAnnounced = true
            handler.connectionAccepted(connection, from: nil)
        }
    }

    /// Retries the failed accepts that are due.
    func retryAccepts() {
        guard listeners.retryAt != nil else { return }
        for kind in ListenerKind.allCases { retryAccept(kind) }
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
