import Primitives

/// The content of a request: a statement and, for an append, the parameters of the check that resolves an unknown
/// outcome.
struct PostgresWork: Sendable {
    let statement: PostgresStatement
    let parameters: [PostgresValue]
    var checkParameters: [PostgresValue] = []

    /// The approximate memory that it holds.
    var byteCount: Int {
        parameters.reduce(into: 0) { sum, value in
            switch value {
            case .text(let text): sum += text.utf8.count
            case .texts(let texts): for text in texts { sum += text.utf8.count }
            case .null, .integer, .boolean, .time: sum += 8
            }
        }
    }
}

/// Performs the actions of the pool's machine on its loop's thread: opens and closes sessions, sends, and resumes
/// callers.
final class PostgresClient: PostgresSessionDelegate, SocketLoopClient, @unchecked Sendable {
    // @unchecked: the state belongs to the loop's thread; other threads only carry the reference there.
    typealias Continuation = CheckedContinuation<Result<[PostgresResult], StorageError>, Never>

    private struct Pending {
        let work: PostgresWork
        let isAppend: Bool
        let continuation: Continuation
        var results: [PostgresResult] = []
    }

    private let loop: any SocketLoop
    private let configuration: PostgresConfiguration
    private let statistics: PostgresStatistics
    private var machine: PoolMachine
    private var sessions: [PostgresSession] = []
    private var pending: [UInt64: Pending] = [:]
    private var requestCount: UInt64 = 0
    private var isTickScheduled = false
    /// Actions that wait until the current one has been performed.
    private var actions: [PoolAction] = []
    private var isPerforming = false
    private var closing: [CheckedContinuation<Void, Never>] = []
    /// Writes are held back while the lock is not held. Nil for commands, which write without the lock.
    private let nodeLock: NodeLock?

    /// The interval of the timer while anything is pending or a connection is not ready.
    private static let tick = Duration.milliseconds(20)

    init(
        loop: any SocketLoop, location: PostgresLocation, configuration: PostgresConfiguration,
        statistics: PostgresStatistics, nodeLock: NodeLock? = nil
    ) {
        self.loop = loop
        self.nodeLock = nodeLock
        self.configuration = configuration
        self.statistics = statistics
        machine = PoolMachine(
            settings: configuration.pool, jitterSeed: UInt64.random(in: 0...UInt64.max), now: loop.now)
        for index in 0..<configuration.pool.connectionCount {
            sessions.append(PostgresSession(index: index, loop: loop, location: location, delegate: self))
        }
    }

    /// The current figures.
    var poolStatistics: PostgresPoolStatistics { machine.statistics }

    /// Begins to connect.
    func start() {
        nodeLock?.observe(self)
        perform(machine.ticked(at: loop.now))
    }

    /// The node's lock was lost, or is held again. Any thread.
    func nodeLockChanged() {
        loop.execute { [self] in
            if let nodeLock { perform(machine.writability(nodeLock.isHeld, at: loop.now)) }
        }
    }

    /// Takes a request. The continuation is resumed when the request has ended.
    func submit(_ work: PostgresWork, _ kind: PoolRequest.Kind, key: UInt64, _ continuation: Continuation) {
        requestCount += 1
        let now = loop.now
        let request = PoolRequest(
            id: requestCount, kind: kind, isLookUp: work.statement.isLookUp, key: key, byteCount: work.byteCount,
            deadline: now + configuration.queueTimeout)
        pending[request.id] = Pending(work: work, isAppend: kind == .append, continuation: continuation)
        if kind == .append { statistics.append(began: work.byteCount) }
        perform(machine.requested(request, at: now))
    }

    /// Lets pending requests finish, then closes the connections.
    func close(_ continuation: CheckedContinuation<Void, Never>) {
        closing.append(continuation)
        machine.stopped()
        perform([])
    }

    /// Ends everything at once. Pending requests fail.
    func abort() { perform(machine.aborted()) }

    // MARK: - Actions

    private func perform(_ more: [PoolAction]) {
        actions += more
        guard !isPerforming else { return }
        isPerforming = true
        var index = 0
        while index < actions.count {
            perform(actions[index])
            index += 1
        }
        actions.removeAll(keepingCapacity: true)
        isPerforming = false
        if machine.isFinished {
            let waiting = closing
            closing = []
            if !waiting.isEmpty { abort() }
            for continuation in waiting { continuation.resume() }
        }
        scheduleTick()
    }

    private func perform(_ action: PoolAction) {
        switch action {
        case .connect(let index): sessions[index].connect()
        case .prepare(let index):
            sessions[index].prepare(
                settings: configuration.sessionSettings, statements: PostgresStatement.allCases,
                for: configuration.shape, commands: [PostgresConfiguration.durabilityCommand])
        case .disconnect(let index): sessions[index].close()
        case .answer(let id, let error): answer(id, error)
        case .send(let index, let segment):
            for command in segment.commands {
                guard let work = pending[command.request]?.work else { preconditionFailure("a request is sent twice") }
                if command.isCheck {
                    sessions[index].send(.checkMessage, work.checkParameters)
                } else {
                    pending[command.request]?.results = []
                    sessions[index].send(work.statement, work.parameters)
                }
            }
            sessions[index].endSegment()
        }
    }

    private func answer(_ id: UInt64, _ error: StorageError?) {
        guard let request = pending.removeValue(forKey: id) else { preconditionFailure("a request is answered twice") }
        if request.isAppend { statistics.append(ended: request.work.byteCount) }
        if let error {
            request.continuation.resume(returning: .failure(error))
        } else {
            request.continuation.resume(returning: .success(request.results))
        }
    }

    // MARK: - Events

    func sessionConnected(_ index: Int) { perform(machine.connected(index, at: loop.now)) }

    func sessionPrepared(_ index: Int) { perform(machine.prepared(index, at: loop.now)) }

    func sessionFailed(_ index: Int, _ error: StorageError) {
        perform(machine.disconnected(index, error, at: loop.now))
    }

    func sessionReceived(_ index: Int, _ event: PostgresHandle.Event) {
        switch event {
        case .completed(let result):
            if let command = machine.awaitedCommand(on: index) { pending[command.request]?.results.append(result) }
            machine.commandCompleted(on: index)
        case .failed(let error, let isTransient):
            machine.commandFailed(error, isTransient: isTransient, on: index)
        case .aborted: machine.commandAborted(on: index)
        case .synced:
            if let count = machine.committedAppendCount(on: index) { statistics.committed(messageCount: count) }
            perform(machine.synced(on: index, at: loop.now))
        }
    }

    func timerFired() {
        isTickScheduled = false
        for session in sessions { session.takeBuffered() }
        perform(machine.ticked(at: loop.now))
    }

    private func scheduleTick() {
        guard machine.needsTicks, !isTickScheduled else { return }
        isTickScheduled = true
        loop.schedule(at: loop.now + Self.tick, client: self)
    }
}
