import Primitives
import Reactor

/// A reactor as a socket loop, for libraries that read and write their sockets themselves, such as libpq. The ring polls
/// these sockets, and their events are handled on the reactor's thread, between those of client connections.
final class ReactorSocketLoop<IO: Driver>: SocketLoop, @unchecked Sendable {
    // @unchecked: the state belongs to the reactor's thread. `execute` and `isCurrent` use only what any thread may
    // use.
    private let reactor: Shard<IO>.ShardReactor
    private var polls: [UInt64: any SocketLoopClient] = [:]
    private var timers: [UInt64: any SocketLoopClient] = [:]
    private var pollCount: UInt64 = 0
    private var timerCount: UInt64 = 0
    private var isEnded = false

    init(_ reactor: Shard<IO>.ShardReactor) { self.reactor = reactor }

    var now: MonotonicInstant { reactor.now }

    var isCurrent: Bool { reactor.isCurrent }

    func execute(_ body: @escaping @Sendable () -> Void) {
        if reactor.isCurrent { return body() }
        Task(executorPreference: reactor) { body() }
    }

    func poll(_ descriptor: Int32, for direction: PollDirection, client: any SocketLoopClient) -> PollID {
        pollCount += 1
        polls[pollCount] = client
        if !isEnded { reactor.poll(descriptor, isForWriting: direction == .writing, number: pollCount) }
        return PollID(number: pollCount)
    }

    func cancel(_ poll: PollID) {
        guard polls.removeValue(forKey: poll.number) != nil, !isEnded else { return }
        reactor.cancelPoll(number: poll.number)
    }

    func schedule(at time: MonotonicInstant, client: any SocketLoopClient) {
        guard !isEnded else { return }
        timerCount += 1
        timers[timerCount] = client
        _ = reactor.schedule(at: time, token: TimerToken.socketLoop(timerCount).rawValue)
    }

    // MARK: - Events of the reactor

    /// A poll completed. One that was cancelled before its completion has no client any more.
    func descriptorReady(_ number: UInt64) {
        polls.removeValue(forKey: number)?.pollCompleted(PollID(number: number))
    }

    /// The timer of this number is due.
    func timerFired(_ number: UInt64) {
        timers.removeValue(forKey: number)?.timerFired()
    }

    /// The reactor has run its last turn, and its ring is closed.
    func end() {
        isEnded = true
        polls = [:]
        timers = [:]
    }
}
