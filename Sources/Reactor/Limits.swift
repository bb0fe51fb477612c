import Primitives

/// The bounds of one reactor. Every one is a count or a byte count with its unit in the name.
public struct ReactorLimits: Sendable {
    /// Direct descriptors of the ring, so connections of the reactor; at most RLIMIT_NOFILE.
    public var descriptorCountMax = 16_384
    /// Descriptors kept free for connections that other reactors pass on; accepting pauses below it.
    public var descriptorReserveCount = 128
    /// Descriptors that only connections of the side listener use, and so their number; 0 for no such listener.
    public var sideConnectionCountMax = 0
    /// With less room than this besides the reserve the reactor is crowded (`Reactor.isCrowded`): its last descriptors
    /// are there to answer with, not to be kept.
    public var crowdedRoomCount = 32
    /// Of those descriptors, the ones that `Reactor.connect` uses: as many outgoing connections there can be. The
    /// descriptors of accepted connections and of those that other reactors pass on are the rest, where the kernel
    /// chooses; here the reactor does, and so has a name for a connection before the kernel has a socket.
    public var outgoingConnectionCountMax = 0
    /// Connections that may wait in the listener's queue, as `Listeners.open` makes it: an accept that takes them all
    /// at once is used only while the table has room for twice as many, as one that finds it full drops a client.
    public var listenQueueCountMax = 4_096
    /// Accepts of one connection each that are under way when there is no room for one that takes all: so many
    /// connections a turn are accepted then.
    public var singleAcceptCountMax = 64
    /// Submission entries; a broadcast enters the kernel once for each so many sends. A power of two.
    public var submissionCountMax = 4_096
    /// Completion entries, a power of two, at most 65,536: at most one for each operation under way is needed, and
    /// the kernel keeps what overflows.
    public var completionCountMax = 32_768
    /// Receive buffers, a power of two, at most 32,768. They are shared by all connections of the reactor.
    public var receiveBufferCount = 512
    /// Bytes of one receive buffer.
    public var receiveBufferByteCount = 4_096
    /// Completions handled in one turn before timers, jobs and the flush get theirs.
    public var completionBudgetPerTurn = 1_024
    /// Jobs (pieces of `async` functions) run in one turn, at most those that were queued when its job phase began.
    public var jobBudgetPerTurn = 256
    /// Time for jobs in one turn: none begins later.
    public var jobTimePerTurn = Duration.milliseconds(1)
    /// The same for the jobs of tasks whose last job was long, of which each turn runs one at least.
    public var longJobTimePerTurn = Duration.microseconds(300)
    /// A job that takes so long is long: its task goes on behind those of the others.
    public var longJobSpan = Duration.microseconds(100)
    /// The longest wait, nil for no limit: a reactor that looks at its clock now and then notices that it was stopped.
    public var waitSpanMax: Duration?
    /// Messages taken from the mailbox in one turn.
    public var mailboxBudgetPerTurn = 256
    /// Timers fired in one turn.
    public var timerBudgetPerTurn = 1_024
    /// Messages from other threads that may wait, a power of two.
    public var mailboxMessageCountMax = 4_096

    /// The defaults, for a production node.
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
