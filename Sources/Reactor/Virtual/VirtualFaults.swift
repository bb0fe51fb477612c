/// How often a virtual driver makes trouble, each in times per thousand opportunities. All zero: a perfect network.
public struct VirtualFaults: Sendable {
    /// A receive brings fewer bytes than there are.
    public var shortReceivePerMille = 0
    /// An attempt finds less room than there is, perhaps none.
    public var shortAttemptPerMille = 0
    /// What could complete completes later, behind other connections' completions; and a freed slot is given away
    /// before the completion of its close is seen.
    public var delayPerMille = 0
    /// A receive finds no buffer (`-ENOBUFS`).
    public var bufferShortagePerMille = 0
    /// An accept fails with `-ENFILE`, which drops the client.
    public var acceptFailurePerMille = 0
    /// A connect comes to nothing (`-ETIMEDOUT`).
    public var connectFailurePerMille = 0
    /// A pass fails with `-ENFILE`.
    public var passFailurePerMille = 0
    /// A pass fails with `-EOVERFLOW`, which leaves a descriptor in the target's table that nobody is told of. Such
    /// slots are lost, so this is no part of `init(everything:)`.
    public var passOverflowPerMille = 0
    /// A wake of another driver fails with `-EOVERFLOW`.
    public var wakeFailurePerMille = 0
    /// A connection is reset when it is touched.
    public var resetPerMille = 0
    /// A multishot receive or accept ends although it need not: `hasMore` is not set.
    public var multishotEndPerMille = 0

    /// No faults.
    public init() {}

    /// A bit of everything, at `perMille`; resets, failed accepts and failed connects a tenth as often, as they end a connection.
    public init(everything perMille: Int) {
        shortReceivePerMille = perMille
        shortAttemptPerMille = perMille
        delayPerMille = perMille
        bufferShortagePerMille = perMille
        acceptFailurePerMille = perMille / 10
        connectFailurePerMille = perMille / 10
        passFailurePerMille = perMille
        wakeFailurePerMille = perMille
        resetPerMille = perMille / 10
        multishotEndPerMille = perMille
    }
}
