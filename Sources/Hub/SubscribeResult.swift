/// What became of a subscription.
public enum SubscribeResult: Hashable, Sendable {
    /// It stands: every message published from now on is delivered, none from before.
    case subscribed
    /// The shop has as many subscribers as it may; nothing was changed.
    case shopFull
}

/// What became of a publication.
public enum PublishResult: Hashable, Sendable {
    /// It goes to so many subscribers; with none, nothing was stored.
    case published(recipientCount: Int)
    /// The shop's log is full of messages that no flush has sent yet; nothing was stored. Flush and publish again.
    case logFull
}

/// What the I/O does after it reported a send.
public enum SendFollowUp: Hashable, Sendable {
    /// Nothing.
    case none
    /// Poll the socket once and call `becameWritable`.
    case waitForRoom
    /// The close frame is out, and the hub sends nothing more: shut down, or wait for the peer's.
    case closeFrameSent
}
