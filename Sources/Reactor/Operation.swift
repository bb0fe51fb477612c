/// The kind of an operation, as its completion reports it.
public enum Operation: UInt8, Sendable {
    /// An accept on a listener; the result is the new slot. The tag names the listener, see
    /// `CompletionTag.init(acceptOf:)`.
    case accept = 1
    /// A receive into a provided buffer.
    case receive
    /// A send that waits for room; always reports.
    case send
    /// A send that does not wait, to one connection of a group; silent when it sent all bytes.
    case trySendInGroup
    /// A single send that does not wait; always reports.
    case trySend
    /// The part of a `sendPromptly` that does not wait; silent when it sent all bytes.
    case promptSend
    /// A wait until the socket has room.
    case pollWritable
    /// A shutdown of one or both directions.
    case shutdown
    /// A cancellation.
    case cancel
    /// The close of a direct descriptor.
    case close
    /// The transfer of a descriptor to another ring, as its sender sees it.
    case transfer
    /// A descriptor that another ring transferred here; the tag carries a number, see
    /// `CompletionTag.init(transferReceived:)`.
    case transferReceived
    /// Another ring woke this one; with a negated `errno`: another ring could not be woken.
    case wake
    /// The event descriptor that other threads write to became readable.
    case wakeRead
    /// The peer's address.
    case peerAddress
    /// The creation of an ordinary descriptor for a direct one.
    case install
    /// An outgoing connection, from the creation of its socket until it is established.
    case connect
    /// The cancellation of a `connect`.
    case connectCancel
    /// A poll of an ordinary descriptor; the tag carries a number, see `CompletionTag.init(descriptorPoll:)`.
    case descriptorPoll
}
