import Dispatch
import Primitives

/// The observer of connections, which are named by their index. Called on the loop's thread.
package protocol PostgresSessionDelegate: AnyObject {
    /// The connection was made. Only `prepare` may be called on it yet.
    func sessionConnected(_ index: Int)
    /// The settings and statements of the session are set up.
    func sessionPrepared(_ index: Int)
    /// The connection could not be made or set up, or died. It is closed.
    func sessionFailed(_ index: Int, _ error: StorageError)
    /// The server sent an answer.
    func sessionReceived(_ index: Int, _ event: PostgresHandle.Event)
    /// A notification arrived on a channel that the session listens on.
    func sessionNotified(_ index: Int, payload: String)
}

// Most sessions listen on no channel.
extension PostgresSessionDelegate {
    /// Has no effect.
    package func sessionNotified(_ index: Int, payload: String) {}
}

/// One connection on its loop. Drives libpq when the connection's descriptor is ready.
///
/// Belongs to the loop's thread. Polls are single-shot: libpq does not read a socket until it is empty, so an
/// edge-triggered poll would wait without end for the rest of a large result.
package final class PostgresSession: SocketLoopClient, @unchecked Sendable {
    // @unchecked: the state belongs to the loop's thread; other threads only carry the reference there.
    private enum Stage {
        case closed, starting, connecting, connected, preparing, open
    }

    private let index: Int
    private let loop: any SocketLoop
    private let location: PostgresLocation
    private weak var delegate: (any PostgresSessionDelegate)?
    private var stage = Stage.closed
    private var handle: PostgresHandle?
    private var readPoll: PollID?
    private var writePoll: PollID?
    /// Distinguishes the current connect from abandoned ones.
    private var connectCount = 0
    /// The first failure of the setup.
    private var setUpFailure: StorageError?

    /// A connection that is closed. `index` names it to the delegate, which is not retained.
    package init(index: Int, loop: any SocketLoop, location: PostgresLocation, delegate: any PostgresSessionDelegate) {
        self.index = index
        self.loop = loop
        self.location = location
        self.delegate = delegate
    }

    /// Whether the connection is made and set up.
    package var isOpen: Bool { stage == .open }

    // MARK: - Calls

    /// Begins to connect. The look-up of a host's name blocks, so the first step runs on another thread.
    package func connect() {
        precondition(stage == .closed)
        stage = .starting
        connectCount += 1
        let attempt = connectCount
        let connectionString = location.connectionString
        BlockingWork.start { [self, loop] in
            let handle = PostgresHandle.start(connectionString)
            loop.execute { self.started(handle, attempt) }
        }
    }

    /// Sets up the session: settings, then statements.
    package func prepare(
        settings: [(name: String, value: String)], statements: [PostgresStatement], for shape: PostgresTableShape,
        commands: [String]
    ) {
        stage = .preparing
        setUpFailure = nil
        for (name, value) in settings {
            queue { $0.send(sql: "SELECT set_config($1, $2, false)", [.text(name), .text(value)]) }
        }
        for command in commands { queue { $0.send(sql: command, []) } }
        for statement in statements { queue { $0.sendPrepare(name: statement.rawValue, sql: statement.sql(shape)) } }
        queue { $0.sendSync() }
        armRead()
        flush()
    }

    /// Queues a statement of the segment that `endSegment` ends.
    package func send(_ statement: PostgresStatement, _ parameters: [PostgresValue]) {
        queue { $0.send(statement: statement.rawValue, parameters) }
    }

    /// Ends a segment, and writes as much as the socket takes.
    package func endSegment() {
        queue { $0.sendSync() }
        flush()
    }

    /// Queues a command. A missing one would shift the answers of all later ones, so the session fails when it cannot
    /// be queued.
    private func queue(_ send: (PostgresHandle) -> Bool) {
        if let handle, !send(handle) { fail(handle.lastError) }
    }

    /// Reads data that TLS may have buffered and that no poll would report.
    package func takeBuffered() {
        if stage == .open, handle?.isEncrypted == true { receive() }
    }

    /// Closes the connection in whatever state it is. It reports nothing further.
    package func close() {
        stage = .closed
        connectCount += 1
        if let readPoll { loop.cancel(readPoll) }
        if let writePoll { loop.cancel(writePoll) }
        readPoll = nil
        writePoll = nil
        handle = nil
    }

    // MARK: - Events of the loop

    private func started(_ handle: PostgresHandle?, _ attempt: Int) {
        guard stage == .starting, attempt == connectCount else { return }
        guard let handle else { return fail(StorageError(.unavailable, detail: "out of memory")) }
        if handle.isBad { return fail(handle.lastError) }
        self.handle = handle
        stage = .connecting
        armWrite()
    }

    /// See `SocketLoopClient`.
    package func pollCompleted(_ poll: PollID) {
        if poll == readPoll {
            readPoll = nil
        } else if poll == writePoll {
            writePoll = nil
        } else {
            return
        }
        switch stage {
        case .closed, .starting: break
        case .connecting: continueConnecting()
        case .connected, .preparing, .open:
            if readPoll == nil { receive() }
            if writePoll == nil { flush() }
        }
    }

    private func continueConnecting() {
        guard let handle else { return }
        switch handle.continueConnecting() {
        case .wantsRead: armRead()
        case .wantsWrite: armWrite()
        case .failed(let error): fail(error)
        case .done:
            stage = .connected
            armRead()
            delegate?.sessionConnected(index)
        }
    }

    private func receive() {
        guard let handle else { return }
        let isAlive = handle.consumeInput()
        // Results that arrived before the end are valid: a commit is a commit once its Sync was read.
        while self.handle === handle, let event = handle.nextEvent() {
            if !isAlive, case .failed = event { break }
            received(event)
        }
        while self.handle === handle, let payload = handle.nextNotification() {
            delegate?.sessionNotified(index, payload: payload)
        }
        guard self.handle === handle else { return }
        if isAlive { armRead() } else { fail(handle.lastError) }
    }

    private func received(_ event: PostgresHandle.Event) {
        guard stage == .preparing else {
            if stage == .open { delegate?.sessionReceived(index, event) }
            return
        }
        switch event {
        case .completed, .aborted: break
        case .failed(let error, _): if setUpFailure == nil { setUpFailure = error }
        case .synced:
            if let setUpFailure { return fail(setUpFailure) }
            stage = .open
            delegate?.sessionPrepared(index)
        }
    }

    private func flush() {
        guard let handle, stage != .connecting else { return }
        switch handle.flush() {
        case true: break
        case false: armWrite()
        case nil: fail(handle.lastError)
        }
    }

    private func fail(_ error: StorageError) {
        close()
        delegate?.sessionFailed(index, error)
    }

    private func armRead() {
        guard readPoll == nil, let handle else { return }
        readPoll = loop.poll(handle.descriptor, for: .reading, client: self)
    }

    private func armWrite() {
        guard writePoll == nil, let handle else { return }
        writePoll = loop.poll(handle.descriptor, for: .writing, client: self)
    }
}

/// Work that blocks its thread, away from the threads that tasks share: those are few, and each that waits for a server
/// is one less for all.
enum BlockingWork {
    /// Runs `body` on a thread that may block.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: body()) }
        }
    }

    /// The same, for callers that do not wait.
    static func start(_ body: @escaping @Sendable () -> Void) { DispatchQueue.global().async(execute: body) }
}
