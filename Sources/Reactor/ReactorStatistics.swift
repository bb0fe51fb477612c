/// The counters of a reactor.
public struct ReactorStatistics: Sendable {
    /// Turns of the loop.
    public var turnCount: UInt64 = 0
    /// How long turns took.
    public var loopLag = LoopLag()
    /// The time of all turns, by phase.
    public var phases = PhaseTimes()
    /// The most completions that waited to be handled at once. Each may hold a receive buffer.
    public var pendingCompletionCountMax = 0
    /// The most receive buffers that completions held at once; all of them once a receive found none.
    public var heldReceiveBufferCountMax = 0
    /// Completions handled.
    public var completionCount: UInt64 = 0
    /// Completions for connections that were gone already.
    public var staleCompletionCount: UInt64 = 0
    /// Receives that found no buffer.
    public var bufferShortageCount: UInt64 = 0
    /// Accepts that failed for lack of a descriptor or of memory.
    public var acceptFailureCount: UInt64 = 0
    /// Connections accepted.
    public var acceptCount: UInt64 = 0
    /// Connections opened.
    public var connectCount: UInt64 = 0
    /// Connects that failed.
    public var connectFailureCount: UInt64 = 0
    /// Transfers after which the kernel left a descriptor in the target's table without notifying the target.
    public var strandedDescriptorCount: UInt64 = 0
    /// Wakes of other reactors that failed on the ring and were done through the waker.
    public var wakeFailureCount: UInt64 = 0
    /// Sends whose bytes were not freed, because the driver could not end them.
    public var abandonedSendCount: UInt64 = 0
    /// Jobs run.
    public var jobCount: UInt64 = 0
    /// Nanoseconds spent waiting in the kernel.
    public var waitNanoseconds: UInt64 = 0
    /// Nanoseconds in which the reactor could not run, and which count for no deadline.
    public var pausedNanoseconds: UInt64 = 0
    /// The number of such spans.
    public var pauseCount: UInt64 = 0

    /// All zero.
    public init() {}
}
