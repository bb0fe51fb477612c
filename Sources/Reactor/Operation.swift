/// What an operation was, as its completion tells.
public enum Operation: UInt8, Sendable {
    /// Accept of a listener; the result is the new slot. The tag names the listener, see `CompletionTag.init(acceptOf:)`.
    case accept = 1
    /// A receive into a provided buffer.
    case receive
    /// A send that waits for room; always reports.
    case send
    /// A send attempted at once; silent when it succeeded whole.
    case attemptQuiet
    /// A send attempted at once; always reports.
    case attempt
    /// A wait for room to write.
    case poll
    /// A shutdown of one or both directions.
    case shutdown
    /// A cancellation.
    case cancel
    /// The close of a direct descriptor.
    case close
    /// A descriptor passed to another ring, as the sender hears of it.
    case pass
    /// A descriptor that another ring passed here; the tag carries a number, see `CompletionTag.init(arrival:)`.
    case arrival
    /// Another ring woke this one; with an `errno`: another ring was not woken.
    case wake
    /// The event descriptor that other threads write to became readable.
    case wakeRead
    /// The peer's address.
    case peerAddress
    /// An ordinary descriptor made for a direct one.
    case install
    /// A connection to elsewhere, from its socket's making to its establishment.
    case connect
    /// The cancellation of a `connect`.
    case connectCancel
    /// A wait for an ordinary descriptor; the tag carries a number, see `CompletionTag.init(descriptorPoll:)`.
    case descriptorPoll
}
