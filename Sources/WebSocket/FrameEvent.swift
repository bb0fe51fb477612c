/// What a frame decoder found next.
///
/// A message is `messageBegan`, any number of `payload`s, `messageEnded`, however it was split into frames. Control
/// frames may come anywhere between these.
public enum FrameEvent: Hashable, Sendable {
    /// A message begins.
    case messageBegan(MessageKind)
    /// Bytes of the message under way: a range of the buffer, not empty, unmasked there and, in a text, valid so far.
    case payload(Range<Int>)
    /// The message under way is complete, and a text is valid as a whole.
    case messageEnded
    /// The peer asks for a pong with the same payload.
    case ping(ControlPayload)
    /// The peer answers a ping, or sent a pong unasked.
    case pong(ControlPayload)
    /// The peer closes, with a valid code and reason or with neither. Nothing follows.
    case close(CloseCode?, reason: ControlPayload)
}
