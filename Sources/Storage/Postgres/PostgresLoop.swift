import Primitives

/// Names a poll until it completed.
public struct PollID: Hashable, Sendable {
    /// Unique in its loop.
    public let number: UInt64

    /// Wraps the number.
    public init(number: UInt64) { self.number = number }
}

/// What a poll waits for. An error of the descriptor ends either.
public enum PollDirection: Hashable, Sendable {
    /// Bytes to read, or the end of them.
    case reading
    /// Room to write.
    case writing
}

/// The event loop that connections to PostgreSQL live on: a reactor, or a thread of their own.
///
/// Everything but `execute` and `isCurrent` is for the loop's own thread.
public protocol PostgresLoop: AnyObject, Sendable {
    /// The monotonic clock.
    var now: MonotonicInstant { get }
    /// Whether the caller runs on the loop's thread.
    var isCurrent: Bool { get }
    /// Runs `body` on the loop's thread: at once when the caller is there. Any thread.
    func execute(_ body: @escaping @Sendable () -> Void)
    /// Waits, once, until an ordinary descriptor is ready; then `client` is told. Readiness is looked at when the poll
    /// begins, so nothing that came before is missed.
    func poll(_ descriptor: Int32, for direction: PollDirection, client: any PostgresLoopClient) -> PollID
    /// Ends a poll of which nothing will be told any more. The descriptor may be closed right after.
    func cancel(_ poll: PollID)
    /// Tells `client` once, at `time` or soon after. Not cancelled: the client looks what is still true.
    func schedule(at time: MonotonicInstant, client: any PostgresLoopClient)
}

/// Who polls and sets timers. Called on the loop's thread, never from within a call to the loop.
public protocol PostgresLoopClient: AnyObject, Sendable {
    /// The descriptor of a poll is ready, or failed, which the next read or write will show.
    func pollCompleted(_ poll: PollID)
    /// A time that was scheduled has come.
    func timerFired()
}

// Who polls mostly sets no timers, and the other way round.
extension PostgresLoopClient {
    /// Traps: who polls says what follows.
    public func pollCompleted(_ poll: PollID) { preconditionFailure("a poll that nobody began") }
    /// Traps: who sets a timer says what follows.
    public func timerFired() { preconditionFailure("a timer that nobody set") }
}
