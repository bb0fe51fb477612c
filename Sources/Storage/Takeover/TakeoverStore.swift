import Primitives
import Synchronization

/// A store in a SQLite file that another process uses until it ends. Opens the file after that, and forwards calls to
/// it.
///
/// Calls that arrive before wait as `StoreTakeover` decides. A separate task tries the lock and opens the file, so that
/// no caller's thread waits. Any thread.
public final class TakeoverStore: Sendable {
    typealias Continuation = CheckedContinuation<Result<any Store, StorageError>, Never>

    private struct State {
        var takeover: StoreTakeover
        var calls: [StoreTakeover.Ticket: Continuation] = [:]
        var lock: StoreLock?
        var store: (any Store)?
        /// The task that opens the store. It may outlive the wait of its owner.
        var opening: Task<Void, Never>?
        /// Nil once the store is open, as it may hold a large members file.
        var prepare: Preparation?
    }

    /// Work that brings an opened store up to date.
    public typealias Preparation = @Sendable (any Store) async throws(StorageError) -> Void

    private let path: String
    private let report: @Sendable (TakeoverReport) -> Void
    private let origin = ContinuousClock.now
    private let state: Mutex<State>

    /// Begins to wait for the SQLite file at `path`. `prepare` is part of opening: it is called before any call is
    /// forwarded, and again when it fails. `report` may be called from any thread.
    public convenience init(
        path: String, prepare: @escaping Preparation, report: @escaping @Sendable (TakeoverReport) -> Void
    ) {
        self.init(path: path, callWait: Limits.takeoverWait, prepare: prepare, report: report)
    }

    /// Begins to wait; `callWait` is how long a call waits.
    init(
        path: String, callWait: Duration, prepare: @escaping Preparation,
        report: @escaping @Sendable (TakeoverReport) -> Void
    ) {
        self.path = path
        self.report = report
        state = Mutex(
            State(takeover: StoreTakeover(at: MonotonicInstant(nanoseconds: 0), callWait: callWait), prepare: prepare))
        Task.detached { [self] in await run() }
    }

    /// Whether the file is open.
    public var isOpen: Bool { state.withLock { $0.takeover.isOpen } }

    /// The number of calls that wait for the file.
    public var waitingCallCount: Int { state.withLock { $0.takeover.waitingCount } }

    /// Ends the wait when the file is not open yet: waiting calls fail. For the stop of a server, before it waits for
    /// its requests.
    public func abandon() { perform { takeover, _ in takeover.abandoned() } }

    // MARK: - Calls

    /// Returns the store once it is open.
    func opened() async throws(StorageError) -> any Store {
        if let store = openStore { return store }
        let outcome = await withCheckedContinuation { (continuation: Continuation) in
            let result: Result<any Store, StorageError>? = state.withLock { state in
                switch state.takeover.callArrived(at: now) {
                case .forward: return Self.store(of: state)
                case .refuse(let error): return .failure(error)
                case .wait(let ticket):
                    state.calls[ticket] = continuation
                    return nil
                }
            }
            if let result { continuation.resume(returning: result) }
        }
        return try outcome.get()
    }

    /// The store, if it is open.
    var openStore: (any Store)? { state.withLock { $0.takeover.isOpen ? $0.store : nil } }

    private static func store(of state: State) -> Result<any Store, StorageError> {
        guard let store = state.store else { preconditionFailure("an open takeover has a store") }
        return .success(store)
    }

    /// Writes the pending changes, then closes the file and releases its lock. Waits for a store that is being opened.
    func closeAll() async {
        perform { takeover, _ in takeover.closed() }
        await state.withLock { $0.opening }?.value
        let (store, lock) = state.withLock { state in
            defer { (state.store, state.lock) = (nil, nil) }
            return (state.store, state.lock)
        }
        await store?.close()
        lock?.release()
    }

    // MARK: - The wait

    private var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: (ContinuousClock.now - origin).wholeNanoseconds)
    }

    private func run() async {
        while !state.withLock({ $0.takeover.isOver }) {
            perform { takeover, now in takeover.timePassed(at: now) }
            try? await Task.sleep(for: Limits.takeoverPeriod)
        }
    }

    /// Passes an event to the machine and performs its actions.
    private func perform(_ event: (inout StoreTakeover, MonotonicInstant) -> [StoreTakeover.Action]) {
        for action in state.withLock({ event(&$0.takeover, now) }) { perform(action) }
    }

    private func perform(_ action: StoreTakeover.Action) {
        switch action {
        case .tryLock: tryLock()
        case .open:
            state.withLock { state in
                guard !state.takeover.isOver else { return }
                state.opening = Task.detached { [self] in await open() }
            }
        case .forward(let tickets): resume(tickets) { Self.store(of: $0) }
        case .refuse(let tickets, let error): resume(tickets) { _ in .failure(error) }
        case .discard: break  // `closeAll` waits for the task that opens, and closes its store.
        case .report(let event): report(event)
        }
    }

    private func resume(
        _ tickets: [StoreTakeover.Ticket], _ result: (State) -> Result<any Store, StorageError>
    ) {
        let (calls, outcome) = state.withLock { state in
            (tickets.compactMap { state.calls.removeValue(forKey: $0) }, result(state))
        }
        for call in calls { call.resume(returning: outcome) }
    }

    private func tryLock() {
        let outcome: StoreTakeover.LockTry
        var lock: StoreLock?
        do throws(StorageError) {
            switch try StoreLock.take(of: path) {
            case .taken(let taken): (lock, outcome) = (taken, .taken)
            case .held(let holder): outcome = .held(by: holder)
            }
        } catch {
            outcome = .failed(error)
        }
        let actions: [StoreTakeover.Action]? = state.withLock { state in
            // The store was closed meanwhile.
            guard !state.takeover.isOver else { return nil }
            state.lock = lock
            return state.takeover.lockTried(outcome, at: now)
        }
        guard let actions else {
            lock?.release()
            return
        }
        for action in actions { perform(action) }
    }

    private func open() async {
        do throws(StorageError) {
            let store = try await SQLiteStore.open(path: path)
            do throws(StorageError) {
                try await state.withLock { $0.prepare }?(store)
            } catch {
                await store.close()
                throw error
            }
            let actions = state.withLock { state in
                state.store = store
                state.prepare = nil
                return state.takeover.opened()
            }
            for action in actions { perform(action) }
        } catch {
            perform { takeover, now in takeover.openFailed(error, at: now) }
        }
    }
}
