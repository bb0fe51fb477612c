/// Counts of what a reactor did.
public struct ReactorStatistics: Sendable {
    /// Turns of the loop.
    public var turnCount: UInt64 = 0
    /// Completions handled.
    public var completionCount: UInt64 = 0
    /// Completions for connections that were gone.
    public var staleCompletionCount: UInt64 = 0
    /// Receives that found no buffer.
    public var bufferShortageCount: UInt64 = 0
    /// Accepts that failed, for lack of a descriptor or memory.
    public var acceptFailureCount: UInt64 = 0
    /// Connections accepted.
    public var acceptCount: UInt64 = 0
    /// Connections opened.
    public var connectCount: UInt64 = 0
    /// Connects that failed.
    public var connectFailureCount: UInt64 = 0
    /// Passes after which the kernel left a descriptor in the target's table that nobody was told of.
    public var strandedDescriptorCount: UInt64 = 0
    /// Wakes of other reactors that the ring could not do, and that were done by other means.
    public var wakeFailureCount: UInt64 = 0
    /// Sends whose bytes were left in memory, as the driver could not end them.
    public var abandonedSendCount: UInt64 = 0
    /// Jobs run.
    public var jobCount: UInt64 = 0
    /// Nanoseconds spent waiting in the kernel.
    public var waitNanoseconds: UInt64 = 0
    /// Nanoseconds in which the reactor was kept from running, and that no deadline counts.
    public var pausedNanoseconds: UInt64 = 0
    /// How often that was.
    public var pauseCount: UInt64 = 0

    /// All zero.
    public init() {}
}
