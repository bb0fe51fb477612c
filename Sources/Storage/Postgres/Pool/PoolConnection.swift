import Primitives

/// One connection of the pool: its phase, and what was sent on it.
struct PoolConnection {
    /// The phase of the connection. Each case names the phases that may follow.
    enum Phase: Hashable {
        /// Pausing until the time; then `connecting`.
        case waiting(until: MonotonicInstant)
        /// The connection is being made. Then `preparing`; `waiting` when that fails or takes too long.
        case connecting(deadline: MonotonicInstant)
        /// The session is being set up. Then `ready`; `waiting` when that fails or takes too long.
        case preparing(deadline: MonotonicInstant)
        /// Requests are sent. `waiting` when the connection is lost or hangs.
        case ready(since: MonotonicInstant)
        /// The final phase.
        case closed
    }

    /// A segment that was sent and whose end was not read yet.
    struct Flight {
        let requests: [PoolRequest]
        let segment: PoolSegment
        let isWrite: Bool
        /// The time by which its answers must be read, counted from when it became `current`.
        var deadline: MonotonicInstant
        /// How many of its commands were answered.
        var answeredCount = 0
        /// The first failure in the segment.
        var failure: Failure?
    }

    /// How a transaction failed.
    struct Failure {
        let error: StorageError
        /// The server undid this transaction because of another one: sent again, it is likely to succeed.
        let isTransient: Bool
        /// The request whose command failed; nil when all commands succeeded and the commit failed.
        let request: UInt64?
    }

    var phase: Phase
    /// Failed connects since the connection was last useful.
    var failureCount = 0
    /// The segments after `current`, in the order in which they were sent.
    var flights = FIFOQueue<Flight>()
    /// The segment whose answers are being read; nil when none is in flight.
    var current: Flight?
    /// Write segments in flight, including `current`.
    var writesUnderWay = 0
    var readsUnderWay = 0
    /// Writes that wait for this connection, in their order.
    var writes = FIFOQueue<PoolRequest>()

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

    /// The end of the current segment was read; the next one has until `deadline`. Returns nil when none was in flight.
    mutating func landed(nextDeadline deadline: MonotonicInstant) -> Flight? {
        guard let flight = current else { return nil }
        if flight.isWrite { writesUnderWay -= 1 } else { readsUnderWay -= 1 }
        current = flights.popFirst()
        current?.deadline = deadline
        return flight
    }

    /// Takes all requests that were sent and not answered, in order.
    mutating func takeFlights() -> [PoolRequest] {
        var requests = current?.requests ?? []
        current = nil
        for flight in flights.takeAll() { requests += flight.requests }
        writesUnderWay = 0
        readsUnderWay = 0
        return requests
    }

    /// The next round of writes: several appends that share a transaction, or several appends with a transaction each,
    /// or one other write.
    ///
    /// Two transactions of one round may end in any order (the first fails and is sent again, while the second was
    /// committed), so they never contain writes of the same key. Each connection has one round in flight, and the
    /// pending writes of a key are on one connection. Hence at most one transaction of a key is in flight, and commits
    /// within a key are in the order of the requests.
    mutating func takeRound(_ settings: PoolSettings) -> [[PoolRequest]] {
        guard let first = writes.first else { return [] }
        var round: [PoolRequest] = []
        var byteCount = 0
        let areAlone = first.sharingNow == .none
        let countMax = areAlone ? settings.loneCountMax : settings.batchCountMax
        while let next = writes.first, round.count < countMax, byteCount < settings.batchByteCountMax {
            guard next.kind == first.kind, next.sharingNow == first.sharingNow else { break }
            if areAlone, round.contains(where: { $0.key == next.key }) { break }
            byteCount += next.byteCount
            if let request = writes.popFirst() { round.append(request) }
            if first.kind != .append { break }
        }
        if settings.areRoundsSorted {
            // Requests of the same key keep their order.
            round = round.enumerated()
                .sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element)
        }
        return areAlone ? round.map { [$0] } : [round]
    }
}
