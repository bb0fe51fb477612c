import Glibc
import Primitives

extension Reactor {
    /// Opens a TCP connection to `address`, from `source` (and a port of the kernel's choice) when it is given.
    ///
    /// The name is good at once, but until `connectionOpened(_:token:)` only for `close`, which gives the connection up
    /// and after which only `connectionClosed` follows. Else `connectFailed(token:errnoValue:)` says why it came to
    /// nothing. The kernel gives up by itself only after minutes: a caller that wants less sets a timer and closes.
    ///
    /// Nil when `ReactorLimits.outgoingConnectionCountMax` connections are there; `connectFailed` with `ENFILE` follows
    /// then too, in the next turn, so that a caller who keeps no names has one place for failures.
    @discardableResult
    public func connect(to address: SocketAddress, from source: PeerAddress? = nil, token: UInt64) -> ConnectionID? {
        precondition(source.map { $0.isIPv4 == address.host.isIPv4 } ?? true, "addresses of two families")
        guard let connection = descriptors.connect() else {
            refusedConnectTokens.append(token)
            return nil
        }
        connectTokens[connection.slot] = token
        beginOperation(connection)
        driver.connect(
            slot: connection.slot, to: address, from: source, tag: CompletionTag(.connect, connection))
        return connection
    }

    /// Closes a connection that is being established.
    func giveUp(_ connection: ConnectionID) {
        guard let entry = unsafe descriptors.live(connection) else { return }
        unsafe entry.pointee.state = .closing
        // The caller has its name and waits for the end of it.
        unsafe entry.pointee.isAnnounced = true
        cancelConnect(connection)
    }

    private func cancelConnect(_ connection: ConnectionID) {
        beginOperation(connection)
        driver.cancel(
            target: CompletionTag(.connect, connection), tag: CompletionTag(.connectCancel, connection))
    }

    // SAFETY: here and below, an entry belongs to the table, which lives as long as the reactor.
    private func beginOperation(_ connection: ConnectionID) {
        unsafe descriptors.live(connection)?.pointee.operationCount += 1
    }

    func connected(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let entry = unsafe descriptors.live(connection),
            let token = connectTokens.removeValue(forKey: connection.slot)
        else { preconditionFailure("a connect ended that was not under way") }
        unsafe entry.pointee.operationCount -= 1
        guard unsafe entry.pointee.state == .connecting else {
            finishIfIdle(connection)
            return
        }
        if completion.result >= 0 {
            unsafe entry.pointee.state = .open
            unsafe entry.pointee.isAnnounced = true
            statistics.connectCount += 1
            handler.connectionOpened(connection, token: token)
        } else {
            unsafe entry.pointee.state = .closing
            finishIfIdle(connection)
            statistics.connectFailureCount += 1
            handler.connectFailed(token: token, errnoValue: -completion.result)
        }
    }

    /// A cancellation that comes between two steps of a connect finds neither: then it is tried again, until the
    /// connect has ended.
    func connectCancelled(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let entry = unsafe descriptors.live(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        unsafe entry.pointee.operationCount -= 1
        if connectTokens[connection.slot] != nil, completion.result < 0 { cancelConnect(connection) }
        finishIfIdle(connection)
    }

    /// Tells of the connects that found no free slot; those that are refused meanwhile wait for the next turn.
    func tellRefusedConnects() {
        guard !refusedConnectTokens.isEmpty else { return }
        let tokens = refusedConnectTokens
        refusedConnectTokens.removeAll(keepingCapacity: true)
        statistics.connectFailureCount += UInt64(tokens.count)
        for token in tokens { handler.connectFailed(token: token, errnoValue: ENFILE) }
    }
}
