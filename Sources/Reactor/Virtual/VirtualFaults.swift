/// How often a virtual driver injects each fault, in times per thousand opportunities. All zero: a perfect network.
public struct VirtualFaults: Sendable {
    /// A receive returns fewer bytes than have arrived.
    public var shortReceivePerMille = 0
    /// A `trySend` finds less room than there is, possibly none.
    public var shortSendPerMille = 0
    /// An operation that could complete does so later, after completions of other connections; and a freed slot is
    /// reassigned before the completion of its close arrives.
    public var delayPerMille = 0
    /// A receive finds no buffer (`-ENOBUFS`).
    public var bufferShortagePerMille = 0
    /// An accept fails with `-ENFILE`, which drops the client.
    public var acceptFailurePerMille = 0
    /// A connect fails (`-ETIMEDOUT`).
    public var connectFailurePerMille = 0
    /// A transfer fails with `-ENFILE`.
    public var transferFailurePerMille = 0
    /// A transfer fails with `-EOVERFLOW`, which leaves a descriptor in the target's table without notifying the
    /// target. Such slots are lost, so `init(everything:)` does not include this fault.
    public var transferOverflowPerMille = 0
    /// A wake of another driver fails with `-EOVERFLOW`.
    public var wakeFailurePerMille = 0
    /// A connection is reset when it is touched.
    public var resetPerMille = 0
    /// A multishot receive or accept ends although it could continue: `hasMore` is not set.
    public var multishotEndPerMille = 0

    /// No faults.
    public init() {}

    /// All faults except `transferOverflowPerMille`, at `perMille`. Resets, failed accepts and failed connects are a
    /// tenth as frequent, because each of them ends a connection.
    public init(everything perMille: Int) {
        shortReceivePerMille = perMille
        shortSendPerMille = perMille
        delayPerMille = perMille
        bufferShortagePerMille = perMille
        acceptFailurePerMille = perMille / 10
        connectFailurePerMille = perMille / 10
        transferFailurePerMille = perMille
        wakeFailurePerMille = perMille
        resetPerMille = perMille / 10
        multishotEndPerMille = perMille
    }
}
