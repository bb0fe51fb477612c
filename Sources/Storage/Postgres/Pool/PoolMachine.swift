import Primitives

/// Which connection does what, and what becomes of it when a connection dies. A pure state machine: events in, actions
/// out; no descriptor, clock or continuation.
///
/// All writes of a key are on one connection while any of them is pending, in their order. A connection has one round
/// of writes under way: those that come meanwhile gather, and the next round takes them together.
///
/// Whatever is sent on a connection waits for what was sent before, and that may wait for a lock. So the connections
/// are parted: the first ones write, the others, one in three and at least one, read. A single connection does both,
/// one read at a time, and so does what is left when all connections of the other sort are away.
///
/// A request is answered as done only when the Sync behind it was read. When the connection dies before, what was sent
/// is uncertain: reads and repeatable writes are sent again; an append is sent again with a check, which is safe as
/// its id is its own and the second insert waits for the first one's transaction; anything else fails as unavailable.
/// A transaction that failed was not applied: see `settle`.
struct PoolMachine {
    let settings: PoolSettings
    var connections: [PoolConnection]
    var reads = PoolQueue<PoolRequest>()
    /// Reads that go before those.
    var lookUps = PoolQueue<PoolRequest>()
    /// Where the pending writes of a key are, and how many there are.
    var pins: [UInt64: (connection: Int, count: Int)] = [:]
    /// Requests that were not answered.
    var pendingReadCount = 0
    var pendingWriteCount = 0
    var pendingWriteByteCount = 0
    /// Connections that were ready and died.
    var lostConnectionCount = 0
    var jitter: UInt64
    /// Why the last connection failed.
    var lastFailure = StorageError(.unavailable, detail: "not connected")
    var isStopping = false
    /// Whether writes may be sent: the node holds its lock. Those that wait meanwhile wait as long as any may.
    var isWritable = true

    init(settings: PoolSettings, jitterSeed: UInt64, now: MonotonicInstant) {
        precondition(settings.connectionCount > 0)
        self.settings = settings
        connections = (0..<settings.connectionCount).map { _ in PoolConnection(startingAt: now) }
        jitter = jitterSeed
    }

    /// Whether time matters: something is pending, or a connection is not ready.
    var needsTicks: Bool {
        pendingReadCount + pendingWriteCount > 0 || connections.contains { !$0.isReady && $0.phase != .closed }
    }

    /// Whether no connection stands and the last try of each has failed.
    var isKnownDown: Bool { connections.allSatisfy { !$0.isReady && $0.failureCount > 0 } }

    /// The command whose answer comes next; nil behind the last one of a segment.
    func awaitedCommand(on index: Int) -> PoolSegment.Command? {
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
            if request.isLookUp { lookUps.append(request) } else { reads.append(request) }
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
        let usual = Int(key % UInt64(settings.writerCount))
        if connections[usual].isReady { return usual }
        let ready = connections.indices.filter { connections[$0].isReady }
        let writers = ready.filter { $0 < settings.writerCount }
        let others = writers.isEmpty ? ready : writers
        return others.isEmpty ? usual : others[Int(key % UInt64(others.count))]
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
        guard isWritable, connections[index].isReady, connections[index].writesUnderWay == 0 else { return [] }
        return connections[index]
            .takeRound(settings)
            .map { send($0, on: index, isWrite: true, at: now) }
    }

    mutating func pumpReads(at now: MonotonicInstant) -> [PoolAction] {
        var actions: [PoolAction] = []
        let ready = connections.indices.filter { connections[$0].isReady }
        let readers = ready.filter { $0 >= settings.writerCount }
        let candidates = readers.isEmpty ? ready : readers
        let depthMax = readers.isEmpty ? 1 : settings.readDepthMax
        while !lookUps.isEmpty {
            guard let index = lookUpConnection(readers: candidates, depthMax: depthMax),
                let request = lookUps.popFirst()
            else { return actions }
            actions.append(send([request], on: index, isWrite: false, at: now))
        }
        while !reads.isEmpty {
            guard let index = candidates.min(by: { connections[$0].readsUnderWay < connections[$1].readsUnderWay }),
                connections[index].readsUnderWay < depthMax, let request = reads.popFirst()
            else { break }
            actions.append(send([request], on: index, isWrite: false, at: now))
        }
        return actions
    }

    /// Where a look-up waits for nothing, if there is such a place: a reader or a writer on which nothing is in flight.
    private func lookUpConnection(readers: [Int], depthMax: Int) -> Int? {
        if let idle = readers.first(where: { connections[$0].current == nil }) { return idle }
        if let idle = connections.indices.first(where: {
            connections[$0].isReady && connections[$0].current == nil && connections[$0].writes.isEmpty
        }) {
            return idle
        }
        let least = readers.min { connections[$0].readsUnderWay < connections[$1].readsUnderWay }
        return least.flatMap { connections[$0].readsUnderWay < depthMax ? $0 : nil }
    }

    private mutating func send(
        _ requests: [PoolRequest], on index: Int, isWrite: Bool, at now: MonotonicInstant
    ) -> PoolAction {
        var requests = requests
        for place in requests.indices { requests[place].sendCount += 1 }
        let segment = PoolSegment(requests)
        connections[index].sent(
            PoolConnection.Flight(
                requests: requests, segment: segment, isWrite: isWrite, deadline: now + settings.answerTimeout))
        return .send(index, segment)
    }
}

// MARK: - Answers

extension PoolMachine {
    /// A command was done; the transaction may still fail.
    mutating func commandCompleted(on index: Int) { connections[index].current?.answeredCount += 1 }

    /// A command failed, or behind the last of them the commit did. A transient failure is one that the server brought
    /// about itself, for another's sake.
    mutating func commandFailed(_ error: StorageError, isTransient: Bool = false, on index: Int) {
        let request = awaitedCommand(on: index)?.request
        if connections[index].current?.failure == nil {
            connections[index].current?.failure = PoolConnection.Failure(
                error: error, isTransient: isTransient, request: request)
        }
        commandCompleted(on: index)
    }

    /// A command was passed over, since one before it failed.
    mutating func commandAborted(on index: Int) { commandCompleted(on: index) }

    /// How many appends the Sync that comes next has committed; nil when it committed none.
    func committedAppendCount(on index: Int) -> Int? {
        guard let flight = connections[index].current, flight.failure == nil, flight.requests.first?.kind == .append
        else { return nil }
        return flight.requests.count
    }

    /// The Sync behind a segment was read: its transaction is over, and how is known.
    mutating func synced(on index: Int, at now: MonotonicInstant) -> [PoolAction] {
        guard let flight = connections[index].landed(nextDeadline: now + settings.answerTimeout) else {
            preconditionFailure("a Sync that nobody sent")
        }
        connections[index].failureCount = 0
        var actions: [PoolAction] = []
        if let failure = flight.failure {
            actions = settle(flight.requests, failure, on: index)
        } else {
            for request in flight.requests { actions.append(answer(request, nil)) }
        }
        actions += pumpWrites(index, at: now)
        if !reads.isEmpty || !lookUps.isEmpty { actions += pumpReads(at: now) }
        return actions
    }

    /// What becomes of those whose transaction failed. None of them was applied, so that each may be sent again.
    ///
    /// Who spoils a shared transaction fails alone, and the others share another one. When that is spoilt as well, or
    /// nobody knows by whom, each gets its own. A wait for a lock took the time that it may take, and who writes to the
    /// same shop would wait for the same: they fail together, and so do all when it happens a second time.
    private mutating func settle(
        _ requests: [PoolRequest], _ failure: PoolConnection.Failure, on index: Int
    ) -> [PoolAction] {
        if failure.isTransient, requests.allSatisfy({ $0.sendCount < settings.sendCountMax }) {
            sendAgain(requests, on: index)
            return []
        }
        if requests.count == 1 || failure.error.kind.concernsWholeDatabase {
            return requests.map { answer($0, failure.error) }
        }
        let culprit = requests.first { $0.id == failure.request }
        let isSecondTime = requests[0].sharing != .anybody
        let isBusy = failure.error.kind == .busy
        func fails(_ request: PoolRequest) -> Bool {
            isBusy ? culprit == nil || isSecondTime || request.key == culprit?.key : request.id == culprit?.id
        }
        var others = requests.filter { !fails($0) }
        for place in others.indices {
            others[place].sharing = culprit == nil || isSecondTime ? .nobody : .survivors
        }
        sendAgain(others, on: index)
        return requests.filter(fails).map { answer($0, failure.error) }
    }

    /// Puts reads before those that wait.
    mutating func readAgain(_ requests: [PoolRequest]) {
        lookUps.prepend(requests.filter(\.isLookUp))
        reads.prepend(requests.filter { !$0.isLookUp })
    }

    private mutating func sendAgain(_ requests: [PoolRequest], on index: Int) {
        if requests.first?.kind == .read {
            readAgain(requests)
        } else {
            connections[index].writes.prepend(requests)
        }
    }
}

extension StorageError.Kind {
    /// Whether a batch that failed so would fail in parts just the same: then its rows are not tried again.
    fileprivate var concernsWholeDatabase: Bool {
        switch self {
        case .unavailable, .overloaded, .corrupt, .incompatible: true
        case .busy, .full, .conflict, .notFound, .invalid, .unexpected: false
        }
    }
}
