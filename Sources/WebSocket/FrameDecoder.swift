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

/// Turns the bytes of a connection into events, in one pass and in place (RFC 6455, section 5).
///
/// Every connection has one for its whole life, so it is small (40 bytes) and owns no heap memory, but for the payload
/// of a control frame that arrives in several pieces, until that frame is complete. Payloads are not copied: they are
/// unmasked where they lie and named by their range.
///
/// Give it the bytes in the order of their arrival, in buffers of any size, and take events until it has no more:
/// ```
/// var offset = 0
/// while let event = try decoder.nextEvent(in: &buffer, at: &offset) { … }
/// ```
/// It then has used up the buffer. After an error it throws the same error again, after a close frame it passes over
/// whatever follows.
public struct FrameDecoder: Sendable {
    var phase = Phase.header(PartialHeader())
    /// What there is of a control frame's payload that comes in pieces; empty otherwise.
    var gatheredPayload: [UInt8] = []
    /// The payload bytes that the headers of the message under way have announced.
    var messageByteCount: UInt32 = 0
    /// At most so many bytes may they announce.
    let messageByteCountMax: UInt32
    /// How far the text under way is valid; at the beginning of a text when there is none.
    var textValidator = UTF8Validator()
    /// The message under way, between its first frame and its last, control frames in between included.
    var messageKind: MessageKind?
    /// Frames that have begun, modulo 2^16: what the peer's frames cost is counted by it.
    public internal(set) var frameCount: UInt16 = 0
    /// The end that this is.
    public let role: Role

    /// A decoder at the beginning of a connection, right behind the handshake.
    ///
    /// - Parameters:
    ///   - role: The end that this is; it decides whether frames must or must not be masked.
    ///   - messageByteCountMax: The longest message in bytes, over all its fragments. A longer one is refused when the
    ///     header arrives that announces it.
    public init(role: Role, messageByteCountMax: Int) {
        precondition((0...WebSocketLimits.messageByteCountCeiling).contains(messageByteCountMax))
        self.role = role
        self.messageByteCountMax = UInt32(messageByteCountMax)
    }

    /// Whether the last byte seen was the last of a frame and no message is under way: a transport that ends here
    /// cuts nothing short.
    public var isAtMessageBoundary: Bool {
        guard case .header(let partial) = phase else { return false }
        return partial.byteCount == 0 && messageKind == nil
    }
}

extension FrameDecoder {
    /// Where in a frame the decoder is.
    enum Phase {
        /// Between frames, or within a header of which the buffers so far held a part. Becomes `data` or `control`.
        case header(PartialHeader)
        /// Within the payload of a data frame. Becomes `header`.
        case data(DataFrame)
        /// Within the payload of a control frame. Becomes `header`, or `closed`.
        case control(ControlFrame)
        /// A close frame has come: the rest of the connection's bytes mean nothing. Final.
        case closed
        /// The peer broke the protocol. Final.
        case failed(WebSocketError)
    }

    /// The beginning of a header that was split between buffers.
    struct PartialHeader {
        /// The first `byteCount` of them are set. One less than the longest header: with all of it, it is parsed.
        var bytes = InlineArray<13, UInt8>(repeating: 0)
        /// 0 to 13.
        var byteCount: UInt8 = 0
    }

    /// What is left of a data frame.
    struct DataFrame {
        var remainingByteCount: UInt64
        var maskKey: MaskKey
        let isFinal: Bool
    }

    /// What is left of a control frame.
    struct ControlFrame {
        var remainingByteCount: UInt8
        var maskKey: MaskKey
        let opcode: Opcode
    }
}
