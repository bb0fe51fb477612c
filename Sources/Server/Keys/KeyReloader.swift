import Auth
import Logging
import Primitives
import Synchronization

/// The keys of all reactors, from a file that changes: one reader, and one set that all reactors use.
///
/// A set is published before any token is verified with it, so that no reactor refuses what another accepts. The old
/// keys stay in use while the file cannot be used. Any thread.
final class KeyReloader: Sendable {
    /// Counts for the metrics.
    struct Statistics: Sendable {
        var readCount = 0
        var changeCount = 0
        var failureCount = 0
        /// Whether the last read succeeded.
        var isCurrent = true
    }

    private struct State {
        var keys: KeySet
        var version: UInt64 = 0
        /// The file's text from which `keys` were read.
        var text: [UInt8]
        var reloads: KeyReloadMachine
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Waiters that joined so far; each is named by its number.
        var waiterCount: UInt64 = 0
        /// Those that joined before the end of the last read.
        var endedUpTo: UInt64 = 0
        var lastFailure: AuthConfigurationError?
        var statistics = Statistics()
    }

    /// From one read to the next, whether or not a token triggers one. A withdrawn key is refused after this time at
    /// most.
    static let period: Duration = .seconds(15)

    private let path: String
    private let secret: TokenSecret?
    private let log: Logger
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    /// The version of the state, which each verification compares.
    private let version = Atomic<UInt64>(0)

    /// Reads the file for the first time.
    init(path: String, secret: TokenSecret?, log: Logger) throws(AuthConfigurationError) {
        self.path = path
        self.secret = secret
        self.log = log
        let text = try KeySet.read(path: path)
        state = Mutex(
            State(
                keys: try KeySet(secret: secret, jwks: text), text: text,
                reloads: KeyReloadMachine(at: MonotonicInstant(nanoseconds: 0))))
    }

    /// The keys, when they are newer than the version `known`. One atomic load when they are not.
    func newer(than known: UInt64) -> (keys: KeySet, version: UInt64)? {
        if version.load(ordering: .acquiring) == known { return nil }
        return state.withLock { ($0.keys, $0.version) }
    }

    /// The current keys.
    var current: KeySet { state.withLock { $0.keys } }

    /// Counts; O(1).
    var statistics: Statistics { state.withLock { $0.statistics } }

    private var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: 0) + (ContinuousClock.now - start)
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
        let now = now
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
                try? await Task.sleep(for: time.since(now))
                if state.withLock({ $0.reloads.scheduledTimeCame(at: time) }) { startRead() }
            }
        }
        return ticket
    }

    /// Waits until a read ends after the ticket was taken, at most `KeyReloadMachine.waitMax`.
    func wait(_ ticket: Ticket) async {
        guard let waiter = ticket.waiter else { return }
        let timeout = Task.detached { [self] in
            try? await Task.sleep(for: KeyReloadMachine.waitMax)
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

    /// Reads the keys again, after the read in flight if there is one; returns when they are read. For SIGHUP and the
    /// period.
    func reload() async {
        if state.withLock({ $0.reloads.wanted() }) { await read() }
    }

    private func startRead() { Task.detached { [self] in await read() } }

    private func read() async {
        var isWantedAgain = true
        while isWantedAgain {
            let outcome = readFile()
            let (waiters, failure, hasChanged, again) = state.withLock { state in
                state.statistics.readCount += 1
                var failure: AuthConfigurationError?
                var hasChanged = false
                switch outcome {
                case .success(let (keys, text)):
                    state.statistics.isCurrent = true
                    state.lastFailure = nil
                    if let keys {
                        state.keys = keys
                        state.text = text
                        state.version += 1
                        state.statistics.changeCount += 1
                        version.store(state.version, ordering: .releasing)
                        hasChanged = true
                    }
                case .failure(let error):
                    state.statistics.isCurrent = false
                    state.statistics.failureCount += 1
                    // A file that stays invalid is logged once, not once per period.
                    if state.lastFailure != error { failure = error }
                    state.lastFailure = error
                }
                let waiters = Array(state.waiters.values)
                state.waiters = [:]
                state.endedUpTo = state.waiterCount
                return (waiters, failure, hasChanged, state.reloads.readEnded())
            }
            if hasChanged { log.notice("the keys of tokens changed") }
            if let failure {
                log.warning("the old keys go on: the file cannot be used", metadata: ["reason": "\(failure)"])
            }
            for waiter in waiters { waiter.resume() }
            isWantedAgain = again
        }
    }

    /// The file's text, and its keys when they differ from those in use. Reading a file may block: never on a reactor.
    private func readFile() -> Result<(KeySet?, [UInt8]), AuthConfigurationError> {
        do throws(AuthConfigurationError) {
            let text = try KeySet.read(path: path)
            if state.withLock({ $0.text == text }) { return .success((nil, text)) }
            return .success((try KeySet(secret: secret, jwks: text), text))
        } catch {
            return .failure(error)
        }
    }
}
