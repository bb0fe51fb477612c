/// The control frames of RFC 6455, section 5.5.
public enum ControlFrameKind: Sendable {
    /// Asks for a pong; dropped while another ping waits.
    case ping
    /// Answers a ping; replaces a pong that waits when too many do.
    case pong
    /// Ends the stream at the next frame boundary: nothing is sent after it.
    case close
    /// Ends the stream behind the messages published so far: nothing is sent after it.
    case closeAfterMessages
}
