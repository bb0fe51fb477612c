import Primitives

/// Decides which connection runs which request, and what happens to requests when a connection dies. A pure state
/// machine: events in, actions out; no descriptor, clock or continuation.
///
/// While writes of a key are pending, all of them are on one connection, in their order. Each connection has one round
/// of writes in flight. Writes that arrive meanwhile are queued, and the next round takes them together.
///
/// Whatever is sent on a connection waits for what was sent before it, which may wait for a lock. The connections are
/// therefore divided: one in three, and at least one, reads, and the others (those with the lowest indices) write. A
/// single connection does both, with one read at a time. So do the remaining connections when all of the other kind are
/// lost.
///
/// A request is answered as done only when the Sync that follows it was read. When the connection dies before that, the
/// outcome is unknown. Reads and repeatable writes are sent again. An append is sent again with a check, which is safe
/// because its id is unique and the second insert waits for the first one's transaction. Any other write fails as
/// unavailable. A transaction that failed was not applied: see `settle`.
struct PoolMachine {
    let settings: PoolSettings
    var connections: [PoolConnection]
    var reads = FIFOQueue<PoolRequest>()
    /// Look-ups, which are sent before `reads`.
    var lookUps = FIFOQueue<PoolRequest>()
    /// For each key with pending writes, their connection and their number.
    var pins: [UInt64: (connection: Int, count: Int)] = [:]
    /// Requests that were not answered yet.
    var pendingReadCount = 0
    var pendingWriteCount = 0
    var pendingWriteByteCount = 0
    /// Connections that were ready and died.
    var lostConnectionCount = 0
    var jitter: UInt64
    /// The error of the last connection that failed.
    var lastFailure = StorageError(.unavailable, detail: "not connected")
    var isStopping = false
    /// Whether writes may be sent, which requires the node's lock. Writes that wait for it keep their deadlines.
    var isWritable = true

    init(settings: PoolSettings, jitterSeed: UInt64, now: MonotonicInstant) {
        precondition(settings.connectionCount > 0)
        self.settings = settings
        connections = (0..<settings.connectionCount).map { _ in PoolConnection(startingAt: now) }
        jitter = jitterSeed
    }

    /// Whether the machine needs ticks: something is pending, or a connection is not ready.
    var needsTicks: Bool {
        pendingReadCount + pendingWriteCount > 0 || connections.contains { !$0.isReady && $0.phase != .closed }
    }

    /// Whether no connection is ready and the last connect of each has failed.
    var isKnownDown: Bool { connections.allSatisfy { !$0.isReady && $0.failureCount > 0 } }

    /// The command whose answer comes next; nil after the last one of a segment.
    func awaitedCommand(on index: Int) -> PoolSegment.Command? {
        guard let flight = connections[index].current, flight.answeredCount < flight.segment.commands.count else {
            return nil
        }
        return flight.segment.commands[flight.answeredCount]
    }
}

// MARK: - Requests

extension PoolMachine {
    /// A request arrived.
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

    /// The connection for a key without pending writes: always the same one while it is ready.
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
        // An earlier send may have been applied, whatever the result of this one.
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

    /// A connection on which a look-up need not wait: a reader or a writer with nothing in flight. Otherwise the reader
    /// with the fewest reads in flight, if it has room.
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
    /// A command succeeded. Its transaction may still fail.
    mutating func commandCompleted(on index: Int) { connections[index].current?.answeredCount += 1 }

    /// A command failed, or, after the last command, the commit did. A failure is transient when the server caused it
    /// for the sake of another transaction.
    mutating func commandFailed(_ error: StorageError, isTransient: Bool = false, on index: Int) {
        let request = awaitedCommand(on: index)?.request
        if connections[index].current?.failure == nil {
            connections[index].current?.failure = PoolConnection.Failure(
                error: error, isTransient: isTransient, request: request)
        }
        commandCompleted(on: index)
    }

    /// The server skipped a command because an earlier one failed.
    mutating func commandAborted(on index: Int) { commandCompleted(on: index) }

    /// How many appends the next Sync has committed; nil when it committed none.
    func committedAppendCount(on index: Int) -> Int? {
        guard let flight = connections[index].current, flight.failure == nil, flight.requests.first?.kind == .append
        else { return nil }
        return flight.requests.count
    }

    /// The Sync after a segment was read: its transaction has ended, and its outcome is known.
    mutating func synced(on index: Int, at now: MonotonicInstant) -> [PoolAction] {
        guard let flight = connections[index].landed(nextDeadline: now + settings.answerTimeout) else {
            preconditionFailure("a Sync without a segment in flight")
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

    /// Handles the requests of a failed transaction. None of them was applied, so each may be sent again.
    ///
    /// The request that broke a shared transaction fails alone, and the others share a new one. When that fails as
    /// well, or the culprit is unknown, each gets a transaction of its own. A wait for a lock is different: it took all
    /// the time that it may take, and writes to the same shop would wait for the same lock. So the writes of that shop
    /// fail together, and when it happens a second time, all requests do.
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
        let isSecondTime = requests[0].sharing != .all
        let isBusy = failure.error.kind == .busy
        func fails(_ request: PoolRequest) -> Bool {
            isBusy ? culprit == nil || isSecondTime || request.key == culprit?.key : request.id == culprit?.id
        }
        var others = requests.filter { !fails($0) }
        for place in others.indices {
            others[place].sharing = culprit == nil || isSecondTime ? .none : .survivors
        }
        sendAgain(others, on: index)
        return requests.filter(fails).map { answer($0, failure.error) }
    }

    /// Puts reads before those that are queued.
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
    /// Whether each part of the batch would fail in the same way; then its rows are not tried again.
    fileprivate var concernsWholeDatabase: Bool {
        switch self {
        case .unavailable, .overloaded, .corrupt, .incompatible: true
        case .busy, .full, .conflict, .notFound, .invalid, .unexpected: false
        }
    }
}
