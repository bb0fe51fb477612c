import Auth
import Logging
import Primitives
import Synchronization

/// The keys of all reactors, from a file or an issuer, which change: one reader, and one set that all reactors use.
///
/// A set is published before any token is verified with it, so that no reactor refuses what another accepts. The old
/// keys stay in use while the source cannot be used. Any thread.
final class KeyReloader: Sendable {
    /// Counts for the metrics.
    struct Statistics: Sendable {
        var readCount = 0
        var changeCount = 0
        var failureCount = 0
        /// Whether the last read succeeded.
        var isCurrent = true
        /// The time since the last read that succeeded.
        var age: Duration = .zero
    }

    private struct State {
        var keys: KeySet
        var version: UInt64 = 0
        /// The secret that belongs to the keys, and how often it was replaced.
        var secret: TokenSecret?
        var secretVersion = 0
        /// The version of the secret in `keys`. A read in flight may have begun with an earlier one.
        var usedSecretVersion = 0
        /// The text from which `keys` were read.
        var text: [UInt8]
        /// When it was last read.
        var readAt: MonotonicInstant
        var reloads: KeyReloadMachine
        /// Whether the keys are read when a read is due, and what then begins it.
        var isRefreshing = false
        var refresh: Task<Void, Never>?
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Waiters that joined so far; each is named by its number.
        var waiterCount: UInt64 = 0
        /// Those that joined before the end of the last read.
        var endedUpTo: UInt64 = 0
        var lastFailure: AuthConfigurationError?
        var statistics = Statistics()
    }

    private let source: KeySource
    private let log: Logger
    private let clock: KeyClock
    private let fetchWait: Duration
    private let state: Mutex<State>
    /// The version of the state, which each verification compares.
    private let version = Atomic<UInt64>(0)

    /// Reads the keys for the first time. Blocks.
    ///
    /// - Parameter fetchWait: How long a fetch may take.
    init(
        _ source: KeySource, secret: TokenSecret?, log: Logger, clock: KeyClock = .continuous(),
        fetchWait: Duration = FetchedDocument.wait
    ) throws(AuthConfigurationError) {
        self.source = source
        self.log = log
        self.clock = clock
        self.fetchWait = fetchWait
        let reading = try source.readNow(fetchWait: fetchWait)
        let now = clock.now()
        state = Mutex(
            State(
                keys: try KeySet(secret: secret, jwks: reading.text), secret: secret, text: reading.text,
                readAt: now, reloads: KeyReloadMachine(at: now, nextReadAfter: reading.wait)))
    }

    /// The keys, when they are newer than the version `known`. One atomic load when they are not.
    func newer(than known: UInt64) -> (keys: KeySet, version: UInt64)? {
        if version.load(ordering: .acquiring) == known { return nil }
        return state.withLock { ($0.keys, $0.version) }
    }

    /// The current keys.
    var current: KeySet { state.withLock { $0.keys } }

    /// Counts; O(1).
    var statistics: Statistics {
        let now = clock.now()
        return state.withLock { state in
            var statistics = state.statistics
            statistics.age = now.since(state.readAt)
            return statistics
        }
    }

    // MARK: - Waiting

    /// A registration as a waiter.
    struct Ticket: Sendable {
        /// Nil when there is nothing to wait for.
        fileprivate let waiter: UInt64?
    }

    /// Registers a waiter, for a token with a key unknown to `known`. The token can be verified again with newer keys
    /// that are already loaded, or after a read that is in flight or due. Nil: the token is refused now.
    func join(known: UInt64) -> Ticket? {
        let now = clock.now()
        let (ticket, decision) = state.withLock { state -> (Ticket?, KeyReloadMachine.Decision) in
            if state.version != known { return (Ticket(waiter: nil), .refuse) }
            let decision = state.reloads.keyMissed(at: now)
            if decision == .refuse { return (nil, .refuse) }
            state.waiterCount += 1
            return (Ticket(waiter: state.waiterCount), decision)
        }
        switch decision {
        case .refuse, .wait: break
        case .read: startRead()
        case .readAt(let time):
            Task.detached { [self] in
                try? await clock.sleep(time)
                if state.withLock({ $0.reloads.scheduledTimeCame(at: time) }) { startRead() }
            }
        }
        return ticket
    }

    /// Waits until a read ends after the ticket was taken, at most `KeyReloadMachine.waitMax`.
    func wait(_ ticket: Ticket) async {
        guard let waiter = ticket.waiter else { return }
        let timeout = Task.detached { [self] in
            try? await clock.sleep(clock.now() + KeyReloadMachine.waitMax)
            let continuation = state.withLock { state in
                let continuation = state.waiters.removeValue(forKey: waiter)
                if continuation != nil { state.reloads.waiterLeft() }
                return continuation
            }
            continuation?.resume()
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                // The read may have ended between the two steps.
                if state.endedUpTo >= waiter { return true }
                state.waiters[waiter] = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        timeout.cancel()
    }

    // MARK: - Reading

    /// Reads the keys again whenever a read is due, until `stopRefreshing`.
    func startRefreshing() {
        state.withLock { state in
            state.isRefreshing = true
            scheduleRefresh(&state)
        }
    }

    /// Reads the keys only for tokens and for `reload` from now on.
    func stopRefreshing() {
        state.withLock { state in
            state.isRefreshing = false
            scheduleRefresh(&state)
        }
    }

    /// Schedules the next read for when it is due, in place of the one that was scheduled before.
    private func scheduleRefresh(_ state: inout State) {
        state.refresh?.cancel()
        state.refresh = nil
        guard state.isRefreshing, let time = state.reloads.nextReadAt else { return }
        state.refresh = Task.detached { [self] in
            // Only a cancelled sleep throws.
            guard (try? await clock.sleep(time)) != nil, !Task.isCancelled else { return }
            if self.state.withLock({ $0.reloads.refreshTimeCame(at: time) }) { startRead() }
        }
    }

    /// Reads the keys again, for SIGHUP. Returns when they are read. While a read is in flight it returns at once, and
    /// another read follows that one.
    func reload() async {
        if state.withLock({ $0.reloads.wanted() }) { await read() }
    }

    /// Uses another secret with the keys from now on. Follow it by `reload`: a read in flight brings the old one back
    /// until the next read.
    func replaceSecret(_ secret: TokenSecret?) throws(AuthConfigurationError) {
        try state.withLock { state throws(AuthConfigurationError) in
            state.keys = try KeySet(secret: secret, jwks: state.text)
            state.secret = secret
            state.secretVersion += 1
            state.usedSecretVersion = state.secretVersion
            state.version += 1
            version.store(state.version, ordering: .releasing)
        }
    }

    private func startRead() { Task.detached { [self] in await read() } }

    private func read() async {
        var isWantedAgain = true
        while isWantedAgain {
            let outcome = await readSource()
            let now = clock.now()
            let (waiters, failure, hasChanged, again) = state.withLock { state in
                state.statistics.readCount += 1
                var failure: AuthConfigurationError?
                var hasChanged = false
                var wait = KeySource.period
                switch outcome {
                case .success(let (keys, secretVersion, reading)):
                    state.statistics.isCurrent = true
                    state.lastFailure = nil
                    state.readAt = now
                    wait = reading.wait
                    if let keys {
                        state.keys = keys
                        state.usedSecretVersion = secretVersion
                        state.text = reading.text
                        state.version += 1
                        state.statistics.changeCount += 1
                        version.store(state.version, ordering: .releasing)
                        hasChanged = true
                    }
                case .failure(let error):
                    state.statistics.isCurrent = false
                    state.statistics.failureCount += 1
                    // A source that stays invalid is logged once, not once per period.
                    if state.lastFailure != error { failure = error }
                    state.lastFailure = error
                }
                let waiters = Array(state.waiters.values)
                state.waiters = [:]
                state.endedUpTo = state.waiterCount
                let again = state.reloads.readEnded(at: now, nextReadAfter: wait)
                scheduleRefresh(&state)
                return (waiters, failure, hasChanged, again)
            }
            if hasChanged { log.notice("the keys of tokens changed") }
            if let failure {
                log.warning("the old keys go on: the new ones cannot be used", metadata: ["reason": "\(failure)"])
            }
            for waiter in waiters { waiter.resume() }
            isWantedAgain = again
        }
    }

    /// What was read, and its keys when they differ from those in use.
    private func readSource() async -> Result<(KeySet?, Int, KeySource.Reading), AuthConfigurationError> {
        let reading: KeySource.Reading
        switch await source.read(fetchWait: fetchWait) {
        case .success(let read): reading = read
        case .failure(let error): return .failure(error)
        }
        let (secret, version, isCurrent) = state.withLock { state in
            let isCurrent = state.text == reading.text && state.usedSecretVersion == state.secretVersion
            return (state.secret, state.secretVersion, isCurrent)
        }
        do throws(AuthConfigurationError) {
            return .success((isCurrent ? nil : try KeySet(secret: secret, jwks: reading.text), version, reading))
        } catch {
            return .failure(error)
        }
    }
}
