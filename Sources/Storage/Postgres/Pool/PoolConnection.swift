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
        case ready
        /// The end.
        case closed
    }

    /// A segment whose end was not read yet.
    struct Flight {
        var requests: [PoolRequest]
        let segment: PoolSegment
        let deadline: MonotonicInstant
        var isWrite: Bool
        /// How many commands were answered.
        var answeredCount = 0
        /// The first failure: of a command, or behind all of them of the commit.
        var failure: StorageError?
    }

    var phase: Phase
    /// Connects that failed since it was last ready.
    var failureCount = 0
    /// In the order in which they were sent.
    var flights = PoolQueue<Flight>()
    /// The segment whose answers are being read.
    var current: Flight?
    /// Write segments under way.
    var writesUnderWay = 0
    /// Writes that wait for it, in their order.
    var writes = PoolQueue<PoolRequest>()

    init(startingAt now: MonotonicInstant) { phase = .waiting(until: now) }

    var isReady: Bool { phase == .ready }

    /// Segments whose end was not read yet.
    var flightCount: Int { flights.count + (current == nil ? 0 : 1) }

    /// The segment that the next answer belongs to.
    mutating func beginAnswer() {
        if current == nil { current = flights.popFirst() }
    }

    /// Everything that was sent and not answered, in order.
    mutating func takeFlights() -> [PoolRequest] {
        var requests = current?.requests ?? []
        current = nil
        for flight in flights.takeAll() { requests += flight.requests }
        writesUnderWay = 0
        return requests
    }

    /// The next round of writes: appends that share a transaction, or retries with one each, or one other write.
    mutating func takeRound(batchCountMax: Int, batchByteCountMax: Int) -> [[PoolRequest]] {
        guard let first = writes.first else { return [] }
        var round: [PoolRequest] = []
        var byteCount = 0
        let isRetry = first.isAlone || first.isUncertain
        while let next = writes.first, round.count < batchCountMax, byteCount < batchByteCountMax {
            guard next.kind == first.kind, (next.isAlone || next.isUncertain) == isRetry else { break }
            byteCount += next.byteCount
            if let request = writes.popFirst() { round.append(request) }
            if first.kind != .append { break }
        }
        return isRetry ? round.map { [$0] } : [round]
    }
}
