package import Primitives

/// The handshakes of TLS on a reactor: when each begins, and how many there are.
///
/// The first bytes of a client cost the server the work with its key, up to a millisecond. `PieceTurns` bounds how much
/// of that is done in a turn, and leaves half of the reactor's time to other work, so that a storm of connects delays
/// messages little. A handshake that has begun holds memory until the client completes it. Beyond `countMax` of them
/// the oldest ends, as clients of ours take one round trip. A value without I/O; time is an argument.
package struct Handshakes {
    /// What happens to a client whose first bytes have arrived.
    package enum Decision: Hashable {
        /// Its handshake begins now. `evicted` is the oldest one, which must end for it.
        case begin(evicted: ConnectionID?)
        /// Its bytes wait for a later turn.
        case wait
        /// Too many wait: the connection ends.
        case refuse
    }

    private let countMax: Int
    private let waitingCountMax: Int
    private var turns: PieceTurns<ConnectionID>
    /// The first bytes of clients that wait.
    private var waiting: [ConnectionID: [UInt8]] = [:]
    private var begun: Set<ConnectionID> = []
    /// Those of `begun` in their order, from `oldest` on, and some that have ended.
    private var order: [ConnectionID] = []
    private var oldest = 0

    /// - Parameter countPerTurn: Handshakes that begin in one turn.
    package init(countPerTurn: Int, countMax: Int, waitingCountMax: Int) {
        turns = PieceTurns(countMax: countPerTurn)
        self.countMax = countMax
        self.waitingCountMax = waitingCountMax
    }

    /// Handshakes that have begun and not ended.
    package var count: Int { begun.count }
    /// Whether the end of the turn changes nothing.
    package var isIdle: Bool { turns.isIdle }
    /// When the next handshakes that wait are due; nil when none waits.
    package var nextTurnAt: MonotonicInstant? { turns.nextTurnAt }

    /// The first bytes of a client arrived, in the turn that began at `turnBeganAt`. O(bytes) when they wait.
    package mutating func helloArrived(
        _ bytes: Span<UInt8>, of connection: ConnectionID, turnBeganAt: MonotonicInstant
    ) -> Decision {
        if turns.take(turnBeganAt: turnBeganAt) { return .begin(evicted: begin(connection)) }
        guard waiting.count < waitingCountMax else { return .refuse }
        var copy: [UInt8] = []
        copy.append(contentsOf: bytes)
        waiting[connection] = copy
        turns.wait(connection)
        return .wait
    }

    /// A turn ends. Returns clients whose handshakes are due, with their first bytes; call `begin` for each.
    package mutating func turnEnded(
        beganAt: MonotonicInstant, at now: MonotonicInstant
    ) -> [(connection: ConnectionID, bytes: [UInt8])] {
        turns.turnEnded(beganAt: beganAt, at: now).compactMap { connection in
            waiting.removeValue(forKey: connection).map { (connection, $0) }
        }
    }

    /// A handshake begins. Returns the oldest one when it must end for this one. O(1) amortised.
    package mutating func begin(_ connection: ConnectionID) -> ConnectionID? {
        forgetEnded()
        let evicted = begun.count >= countMax ? order[oldest] : nil
        if let evicted { ended(evicted) }
        begun.insert(connection)
        order.append(connection)
        return evicted
    }

    /// The handshake of a connection was completed or has failed, or the connection has ended. O(1).
    package mutating func ended(_ connection: ConnectionID) {
        guard begun.remove(connection) == nil else { return }
        waiting.removeValue(forKey: connection)
    }

    /// Drops those at the front that have ended.
    private mutating func forgetEnded() {
        while oldest < order.count, !begun.contains(order[oldest]) { oldest += 1 }
        guard oldest > 64, oldest * 2 > order.count else { return }
        order.removeFirst(oldest)
        oldest = 0
    }
}
