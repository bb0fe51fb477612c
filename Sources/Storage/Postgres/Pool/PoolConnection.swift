import Primitives

/// One connection of the pool: where it stands, and what was sent on it.
struct PoolConnection {
    /// Where it stands; each case says what it may become.
    enum Phase: Hashable {
        /// Nothing is under way until the time; then `connecting`.
        case waiting(until: MonotonicInstant)
        /// The connection is being made. Then `preparing`; `waiting` when that fails or takes too long.
        case connecting(deadline: MonotonicInstant)
        /// The session is being set up. Then `ready`; `waiting` when that fails or takes too long.
        case preparing(deadline: MonotonicInstant)
        /// Requests are sent. `waiting` when the connection is lost or hangs.
        case ready(since: MonotonicInstant)
        /// The end.
        case closed
    }

    /// A segment whose end was not read yet.
    struct Flight {
        let requests: [PoolRequest]
        let segment: PoolSegment
        let isWrite: Bool
        /// When its answers must have been read; counted from when it is `current`.
        var deadline: MonotonicInstant
        /// How many commands were answered.
        var answeredCount = 0
        /// The first failure.
        var failure: Failure?
    }

    /// How a transaction failed.
    struct Failure {
        let error: StorageError
        /// The server met others' work and undid this: sent again, it may well succeed.
        let isTransient: Bool
        /// The request whose command failed; nil when all were done and the commit failed.
        let request: UInt64?
    }

    var phase: Phase
    /// Connects that failed since one was of use.
    var failureCount = 0
    /// Those behind `current`, in the order in which they were sent.
    var flights = PoolQueue<Flight>()
    /// The segment whose answers are being read; nil when nothing is under way.
    var current: Flight?
    /// Segments under way, `current` among them.
    var writesUnderWay = 0
    var readsUnderWay = 0
    /// Writes that wait for it, in their order.
    var writes = PoolQueue<PoolRequest>()

    init(startingAt now: MonotonicInstant) { phase = .waiting(until: now) }

    var isReady: Bool {
        switch phase {
        case .ready: true
        case .waiting, .connecting, .preparing, .closed: false
        }
    }

    /// A segment was sent.
    mutating func sent(_ flight: Flight) {
        if flight.isWrite { writesUnderWay += 1 } else { readsUnderWay += 1 }
        if current == nil { current = flight } else { flights.append(flight) }
    }

    /// The end of the current segment was read; the next one has until `deadline`. Nil when nothing is under way.
    mutating func landed(nextDeadline deadline: MonotonicInstant) -> Flight? {
        guard let flight = current else { return nil }
        if flight.isWrite { writesUnderWay -= 1 } else { readsUnderWay -= 1 }
        current = flights.popFirst()
        current?.deadline = deadline
        return flight
    }

    /// Everything that was sent and not answered, in order.
    mutating func takeFlights() -> [PoolRequest] {
        var requests = current?.requests ?? []
        current = nil
        for flight in flights.takeAll() { requests += flight.requests }
        writesUnderWay = 0
        readsUnderWay = 0
        return requests
    }

    /// The next round of writes: appends that share a transaction, or some with one each, or one other write.
    ///
    /// Two transactions of one round may end in any order (the first fails, is sent again, and the second was committed
    /// meanwhile), so they never hold writes of one key. With one round in flight per connection, and the pending writes
    /// of a key on one connection, at most one transaction of a key is in flight: within a key, commits are in the order
    /// of the requests.
    mutating func takeRound(_ settings: PoolSettings) -> [[PoolRequest]] {
        guard let first = writes.first else { return [] }
        var round: [PoolRequest] = []
        var byteCount = 0
        let areAlone = first.sharingNow == .nobody
        let countMax = areAlone ? settings.loneCountMax : settings.batchCountMax
        while let next = writes.first, round.count < countMax, byteCount < settings.batchByteCountMax {
            guard next.kind == first.kind, next.sharingNow == first.sharingNow else { break }
            if areAlone, round.contains(where: { $0.key == next.key }) { break }
            byteCount += next.byteCount
            if let request = writes.popFirst() { round.append(request) }
            if first.kind != .append { break }
        }
        if settings.areRoundsSorted {
            // Requests of one key keep their order.
            round = round.enumerated()
                .sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element)
        }
        return areAlone ? round.map { [$0] } : [round]
    }
}
