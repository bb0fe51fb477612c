import Primitives

/// Which connection does what, and what becomes of it when a connection dies. A pure state machine: events in, actions
/// out; no descriptor, clock or continuation.
///
/// All writes of a key are on one connection while any of them is pending, in their order. A connection has one round
/// of writes under way: those that come meanwhile gather, and the next round takes them together. Reads go wherever
/// least is under way, several at a time.
///
/// A request is answered as done only when the Sync behind it was read. When the connection dies before, what was sent
/// is uncertain: reads and repeatable writes are sent again; an append is sent again with a check, which is safe as
/// its id is its own and the second insert waits for the first one's transaction; anything else fails as unavailable.
struct PoolMachine {
    let settings: PoolSettings
    var connections: [PoolConnection]
    var reads = PoolQueue<PoolRequest>()
    /// Where the pending writes of a key are, and how many there are.
    var pins: [UInt64: (connection: Int, count: Int)] = [:]
    /// Requests that were not answered.
    var pendingReadCount = 0
    var pendingWriteCount = 0
    var pendingWriteByteCount = 0
    var jitter: UInt64
    /// Why the last connection failed.
    var lastFailure = StorageError(.unavailable, detail: "not connected")
    var isStopping = false

    init(settings: PoolSettings, jitterSeed: UInt64, now: MonotonicInstant) {
        precondition(settings.connectionCount > 0)
        self.settings = settings
        connections = (0..<settings.connectionCount).map { _ in PoolConnection(startingAt: now) }
        jitter = jitterSeed
    }

    /// Whether time matters: something is pending, or a connection is not ready.
    var needsTicks: Bool {
        pendingReadCount + pendingWriteCount > 0 || connections.contains { $0.phase != .ready && $0.phase != .closed }
    }

    /// Whether no connection stands and the last try of each has failed.
    var isKnownDown: Bool { connections.allSatisfy { !$0.isReady && $0.failureCount > 0 } }

    /// The command whose answer comes next; nil behind the last one of a segment.
    mutating func awaitedCommand(on index: Int) -> PoolSegment.Command? {
        connections[index].beginAnswer()
        guard let flight = connections[index].current, flight.answeredCount < flight.segment.commands.count else {
            return nil
        }
        return flight.segment.commands[flight.answeredCount]
    }
}

// MARK: - Requests

extension PoolMachine {
    /// Somebody wants something.
    mutating func requested(_ request: PoolRequest, at now: MonotonicInstant) -> [PoolAction] {
        if isStopping { return [.answer(request.id, StorageError(.unavailable, detail: "closed"))] }
        if isKnownDown { return [.answer(request.id, lastFailure)] }
        if request.kind == .read {
            if pendingReadCount >= settings.readCountMax {
                return [.answer(request.id, StorageError(.overloaded, detail: "reads"))]
            }
            pendingReadCount += 1
            reads.append(request)
            return pumpReads(at: now)
        }
        if pendingWriteCount >= settings.writeCountMax
            || pendingWriteByteCount + request.byteCount > settings.writeByteCountMax
        {
            return [.answer(request.id, StorageError(.overloaded, detail: "writes"))]
        }
        pendingWriteCount += 1
        pendingWriteByteCount += request.byteCount
        let index = pins[request.key]?.connection ?? place(of: request.key)
        pins[request.key, default: (index, 0)].count += 1
        connections[index].writes.append(request)
        return pumpWrites(index, at: now)
    }

    /// The connection for a key of which nothing is pending: always the same one while it stands.
    private func place(of key: UInt64) -> Int {
        let usual = Int(key % UInt64(connections.count))
        if connections[usual].isReady { return usual }
        let ready = connections.indices.filter { connections[$0].isReady }
        return ready.isEmpty ? usual : ready[Int(key % UInt64(ready.count))]
    }

    mutating func answer(_ request: PoolRequest, _ error: StorageError?) -> PoolAction {
        if request.kind == .read {
            pendingReadCount -= 1
        } else {
            pendingWriteCount -= 1
            pendingWriteByteCount -= request.byteCount
            if let pin = pins[request.key] {
                pins[request.key] = pin.count == 1 ? nil : (pin.connection, pin.count - 1)
            }
        }
        // An earlier attempt may have been applied, whatever this one met.
        return .answer(request.id, request.isUncertain ? error?.withUnknownOutcome : error)
    }

    // MARK: Sending

    mutating func pumpWrites(_ index: Int, at now: MonotonicInstant) -> [PoolAction] {
        guard connections[index].isReady, connections[index].writesUnderWay == 0 else { return [] }
        return connections[index]
            .takeRound(batchCountMax: settings.batchCountMax, batchByteCountMax: settings.batchByteCountMax)
            .map { send($0, on: index, isWrite: true, at: now) }
    }

    mutating func pumpReads(at now: MonotonicInstant) -> [PoolAction] {
        var actions: [PoolAction] = []
        while !reads.isEmpty {
            let candidates = connections.indices.filter {
                connections[$0].isReady && connections[$0].flightCount < settings.readDepthMax
            }
            guard let index = candidates.min(by: { connections[$0].flightCount < connections[$1].flightCount }),
                let request = reads.popFirst()
            else { break }
            actions.append(send([request], on: index, isWrite: false, at: now))
        }
        return actions
    }

    private mutating func send(
        _ requests: [PoolRequest], on index: Int, isWrite: Bool, at now: MonotonicInstant
    ) -> PoolAction {
        var requests = requests
        for place in requests.indices { requests[place].sendCount += 1 }
        let segment = PoolSegment(requests)
        connections[index].flights.append(
            PoolConnection.Flight(
                requests: requests, segment: segment, deadline: now + settings.answerTimeout, isWrite: isWrite))
        if isWrite { connections[index].writesUnderWay += 1 }
        return .send(index, segment)
    }
}

// MARK: - Answers

extension PoolMachine {
    /// A command was done; the transaction may still fail.
    mutating func commandCompleted(on index: Int) {
        connections[index].beginAnswer()
        connections[index].current?.answeredCount += 1
    }

    /// A command failed, or behind the last of them the commit did.
    mutating func commandFailed(_ error: StorageError, on index: Int) {
        connections[index].beginAnswer()
        if connections[index].current?.failure == nil { connections[index].current?.failure = error }
        commandCompleted(on: index)
    }

    /// A command was passed over, since one before it failed.
    mutating func commandAborted(on index: Int) { commandCompleted(on: index) }

    /// How many appends the Sync that comes next has committed; nil when it committed none.
    func committedAppendCount(on index: Int) -> Int? {
        guard let flight = connections[index].current ?? connections[index].flights.first, flight.failure == nil,
            flight.requests.first?.kind == .append
        else { return nil }
        return flight.requests.count
    }

    /// The Sync behind a segment was read: its transaction is over, and how is known.
    mutating func synced(on index: Int, at now: MonotonicInstant) -> [PoolAction] {
        connections[index].beginAnswer()
        guard let flight = connections[index].current else { preconditionFailure("a Sync that nobody sent") }
        connections[index].current = nil
        if flight.isWrite { connections[index].writesUnderWay -= 1 }
        var actions: [PoolAction] = []
        if let failure = flight.failure, flight.requests.count > 1, !failure.kind.concernsWholeDatabase {
            // Nothing of it was applied; each gets a transaction of its own, so that who spoils it fails alone.
            var retries = flight.requests
            for place in retries.indices { retries[place].isAlone = true }
            connections[index].writes.prepend(retries)
        } else {
            for request in flight.requests { actions.append(answer(request, flight.failure)) }
        }
        actions += pumpWrites(index, at: now)
        if !reads.isEmpty { actions += pumpReads(at: now) }
        return actions
    }
}

extension StorageError.Kind {
    /// Whether a batch that failed so would fail in parts just the same: then its rows are not tried one by one, which
    /// for a locked table would take the timeout each.
    var concernsWholeDatabase: Bool {
        switch self {
        case .unavailable, .overloaded, .busy, .corrupt, .incompatible: true
        case .full, .conflict, .notFound, .invalid, .unexpected: false
        }
    }
}
