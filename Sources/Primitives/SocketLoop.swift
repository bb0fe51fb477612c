/// Identifies a poll until it has completed.
public struct PollID: Hashable, Sendable {
    /// Unique within the loop.
    public let number: UInt64

    /// Creates an identifier.
    public init(number: UInt64) { self.number = number }
}

/// What a poll waits for. An error of the descriptor completes either kind.
public enum PollDirection: Hashable, Sendable {
    /// Bytes to read, or the end of the stream.
    case reading
    /// Room to write.
    case writing
}

/// An event loop for sockets that a library reads and writes itself, such as connections to PostgreSQL: a reactor, or a
/// thread of its own. It polls descriptors, sets timers and runs jobs.
///
/// Everything except `execute` and `isCurrent` must be called on the loop's thread.
public protocol SocketLoop: AnyObject, Sendable {
    /// The monotonic clock.
    var now: MonotonicInstant { get }
    /// Whether the caller runs on the loop's thread.
    var isCurrent: Bool { get }
    /// Runs `body` on the loop's thread: at once when the caller is on it. Any thread.
    func execute(_ body: @escaping @Sendable () -> Void)
    /// Waits, once, until a regular file descriptor is ready, then notifies `client`. The poll checks readiness when it
    /// begins, so earlier events are not missed.
    func poll(_ descriptor: Int32, for direction: PollDirection, client: any SocketLoopClient) -> PollID
    /// Cancels a poll, which then reports nothing. The descriptor may be closed right after.
    func cancel(_ poll: PollID)
    /// Notifies `client` once, at `time` or soon after. A timer cannot be cancelled: the client checks whether it still
    /// matters.
    func schedule(at time: MonotonicInstant, client: any SocketLoopClient)
}

/// A client that polls and sets timers. Called on the loop's thread, never from within a call to the loop.
public protocol SocketLoopClient: AnyObject, Sendable {
    /// The descriptor of a poll is ready or has failed. The next read or write shows which.
    func pollCompleted(_ poll: PollID)
    /// A scheduled time has passed.
    func timerFired()
}

// Most clients that poll set no timers, and the other way round.
extension SocketLoopClient {
    /// Traps: a client that polls must implement it.
    public func pollCompleted(_ poll: PollID) { preconditionFailure("a client without polls got a completion") }
    /// Traps: a client that sets timers must implement it.
    public func timerFired() { preconditionFailure("a client without timers got a timer") }
}
