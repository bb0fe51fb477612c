import Primitives

/// The limits of one reactor. The name or the type of each has its unit.
public struct ReactorLimits: Sendable {
    /// Direct descriptors of the ring, and so the reactor's connections; at most RLIMIT_NOFILE.
    public var descriptorCountMax = 16_384
    /// Descriptors reserved for connections that other reactors transfer here; accepting pauses when only these are
    /// free.
    public var descriptorReserveCount = 128
    /// Descriptors reserved for connections of the side listener, and so their maximum number; 0 for no side listener.
    public var sideConnectionCountMax = 0
    /// With less room than this, besides the reserve, the reactor is crowded (`Reactor.isCrowded`): its last
    /// descriptors are for answering clients, not for keeping connections.
    public var crowdedRoomCount = 32
    /// The part of the descriptors that `Reactor.connect` uses, and so the maximum number of outgoing connections.
    /// Accepted connections and those transferred here use the rest, where the kernel chooses the descriptor. For an
    /// outgoing connection the reactor chooses it, so that the connection has an identifier before the kernel has a
    /// socket.
    public var outgoingConnectionCountMax = 0
    /// Whether `UringDriver.install` may create ordinary descriptors of the connections: for benchmarks.
    public var installsDescriptors = false
    /// Connections that may wait in the listener's queue, as `Listeners.open` creates it. A multishot accept takes them
    /// all at once, so it is used only while the table has room for twice as many: an accept that finds the table full
    /// drops a client.
    public var listenQueueCountMax = 4_096
    /// Accepts of one connection each that are in flight when there is no room for a multishot accept: a turn then
    /// accepts at most this many connections.
    public var singleAcceptCountMax = 64
    /// Submission entries, a power of two. A flush enters the kernel once for this many sends.
    public var submissionCountMax = 4_096
    /// Completion entries, a power of two, at most 65,536. At most one is needed for each operation in flight, and the
    /// kernel keeps what overflows.
    public var completionCountMax = 32_768
    /// Receive buffers, a power of two, at most 32,768. They are shared by all connections of the reactor.
    public var receiveBufferCount = 512
    /// Bytes of one receive buffer.
    public var receiveBufferByteCount = 4_096
    /// Completions handled in one turn before timers, jobs and the flush run.
    public var completionBudgetPerTurn = 1_024
    /// Jobs (pieces of `async` functions) run in one turn; only those that were queued when its job phase began are
    /// run.
    public var jobBudgetPerTurn = 256
    /// Time for jobs in one turn: no job begins later.
    public var jobTimePerTurn = Duration.milliseconds(1)
    /// The same for the jobs of tasks whose last job was long; each turn runs at least one of them.
    public var longJobTimePerTurn = Duration.microseconds(300)
    /// A job that takes at least this long is long: the next jobs of its task run after those of other tasks.
    public var longJobSpan = Duration.microseconds(100)
    /// The longest wait; nil for no limit. With a limit the reactor reads its clock regularly and notices that it was
    /// stopped.
    public var waitSpanMax: Duration?
    /// Commands taken from the mailbox in one turn.
    public var mailboxBudgetPerTurn = 256
    /// Timers fired in one turn. After a storm of connects thousands of pings are due at once: messages do not wait for
    /// more than these.
    public var timerBudgetPerTurn = 128
    /// Commands from other threads that may be pending, a power of two.
    public var mailboxCommandCountMax = 4_096

    /// The default limits, for a production node.
    public init() {}
}

extension ReactorLimits {
    var jobs: JobLimits {
        JobLimits(
            countPerTurnMax: jobBudgetPerTurn, shortNanosecondsPerTurn: jobTimePerTurn.wholeNanoseconds,
            longNanosecondsPerTurn: longJobTimePerTurn.wholeNanoseconds,
            longJobNanoseconds: longJobSpan.wholeNanoseconds)
    }
}
