import Glibc
import Primitives

extension Reactor {
    /// Opens a TCP connection to `address`, from `source` (and a port that the kernel chooses) when it is given.
    ///
    /// The identifier is valid at once. Before `connectionOpened(_:token:)` it may be used only for `close`, which
    /// gives the connection up; only `connectionClosed` follows then. If the connection cannot be established,
    /// `connectFailed(token:errnoValue:)` reports the error. The kernel itself gives up only after minutes: a caller
    /// that wants a shorter limit sets a timer and closes the connection.
    ///
    /// Nil when `ReactorLimits.outgoingConnectionCountMax` connections exist. `connectFailed` with `ENFILE` follows in
    /// this case too, in the next turn, so that a caller that keeps no identifiers handles failures in one place.
    @discardableResult
    public func connect(to address: SocketAddress, from source: PeerAddress? = nil, token: UInt64) -> ConnectionID? {
        precondition(source.map { $0.isIPv4 == address.host.isIPv4 } ?? true, "addresses of two families")
        guard let connection = descriptors.connect() else {
            refusedConnectTokens.append(token)
            return nil
        }
        connectTokens[connection.slot] = token
        descriptors[connection].operationCount += 1
        driver.connect(
            slot: connection.slot, to: address, from: source, tag: CompletionTag(.connect, connection))
        return connection
    }

    /// Closes a connection that is being established.
    func giveUp(_ connection: ConnectionID) {
        descriptors[connection].state = .closing
        // The caller has its identifier and waits for `connectionClosed`.
        descriptors[connection].isAnnounced = true
        cancelConnect(connection)
    }

    private func cancelConnect(_ connection: ConnectionID) {
        descriptors[connection].operationCount += 1
        driver.cancel(
            target: CompletionTag(.connect, connection), tag: CompletionTag(.connectCancel, connection))
    }

    func connected(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let token = connectTokens.removeValue(forKey: connection.slot) else {
            preconditionFailure("a connect ended that was not in flight")
        }
        descriptors[connection].operationCount -= 1
        guard descriptors.state(connection) == .connecting else {
            finishIfIdle(connection)
            return
        }
        if completion.result >= 0 {
            descriptors[connection].state = .open
            descriptors[connection].isAnnounced = true
            statistics.connectCount += 1
            handler.connectionOpened(connection, token: token)
        } else {
            descriptors[connection].state = .closing
            finishIfIdle(connection)
            statistics.connectFailureCount += 1
            handler.connectFailed(token: token, errnoValue: -completion.result)
        }
    }

    /// A cancellation that takes effect between two steps of a connect finds neither. It is then retried until the
    /// connect has ended.
    func connectCancelled(_ completion: Completion) {
        let connection = completion.tag.connection
        descriptors[connection].operationCount -= 1
        if connectTokens[connection.slot] != nil, completion.result <= 0 { cancelConnect(connection) }
        finishIfIdle(connection)
    }

    /// Reports the connects that found no free slot. Those that are rejected meanwhile are reported in the next turn.
    func tellRefusedConnects() {
        guard !refusedConnectTokens.isEmpty else { return }
        let tokens = refusedConnectTokens
        refusedConnectTokens.removeAll(keepingCapacity: true)
        statistics.connectFailureCount += UInt64(tokens.count)
        for token in tokens { handler.connectFailed(token: token, errnoValue: ENFILE) }
    }
}
