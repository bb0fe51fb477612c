/// What a frame decoder found.
///
/// A message is `messageBegan`, any number of `payload`s, `messageEnded`, whatever its fragmentation. Control frames
/// may come anywhere between these.
public enum FrameEvent: Hashable, Sendable {
    /// A message begins.
    case messageBegan(MessageKind)
    /// Bytes of the current message: a range of the buffer, not empty, unmasked in place, and valid UTF-8 so far in a
    /// text.
    case payload(Range<Int>)
    /// The current message is complete; a text is valid as a whole.
    case messageEnded
    /// The peer asks for a pong with the same payload.
    case ping(ControlPayload)
    /// The peer answers a ping, or sent an unsolicited pong.
    case pong(ControlPayload)
    /// The peer closes, with a valid code and reason or with neither. No event follows.
    case close(CloseCode?, reason: ControlPayload)
}

/// Turns the bytes of a connection into events, in one pass and in place (RFC 6455, section 5).
///
/// Every connection has a decoder for its whole life, so it is small (40 bytes). It owns heap memory only while a
/// control frame arrives in several pieces, for its payload. Other payloads are not copied: they are unmasked in place,
/// and events name their ranges.
///
/// Pass it the bytes in the order of their arrival, in buffers of any size, and take events until it has no more:
/// ```
/// var offset = 0
/// while let event = try decoder.nextEvent(in: &buffer, at: &offset) { … }
/// ```
/// The buffer is then consumed. After an error it throws the same error again. After a close frame it skips all further
/// bytes.
public struct FrameDecoder: Sendable {
    var phase = Phase.header(PartialHeader())
    /// The payload, so far, of a control frame that arrives in pieces; empty otherwise.
    var gatheredPayload: [UInt8] = []
    /// The payload bytes that the headers of the current message have announced.
    var messageByteCount: UInt32 = 0
    /// The maximum of `messageByteCount`.
    let messageByteCountMax: UInt32
    /// Validates the current text; between texts it is at the beginning of one.
    var textValidator = UTF8Validator()
    /// The kind of the current message, from its first frame to its last, control frames in between included.
    var messageKind: MessageKind?
    /// The frames that have begun, modulo 2^16. Callers count the cost of the peer's frames by it.
    public internal(set) var frameCount: UInt16 = 0
    /// Which end of the connection this is.
    public let endpoint: Endpoint

    /// A decoder at the beginning of a connection, after the handshake.
    ///
    /// - Parameters:
    ///   - endpoint: Which end of the connection this is; it decides whether frames must or must not be masked.
    ///   - messageByteCountMax: The longest message in bytes, over all its fragments. A longer message is rejected when
    ///     the header that announces it arrives.
    public init(endpoint: Endpoint, messageByteCountMax: Int) {
        precondition((0...WebSocketLimits.messageByteCountCeiling).contains(messageByteCountMax))
        self.endpoint = endpoint
        self.messageByteCountMax = UInt32(messageByteCountMax)
    }

    /// Whether the last byte was the last of a frame and no message is incomplete. A transport that ends here truncates
    /// nothing.
    public var isAtMessageBoundary: Bool {
        guard case .header(let partial) = phase else { return false }
        return partial.byteCount == 0 && messageKind == nil
    }
}

extension FrameDecoder {
    /// The decoder's position within a frame.
    enum Phase {
        /// Between frames, or within a header that the buffers so far contained in part. Becomes `data` or `control`.
        case header(PartialHeader)
        /// Within the payload of a data frame. Becomes `header`.
        case data(DataFrame)
        /// Within the payload of a control frame. Becomes `header`, or `closed`.
        case control(ControlFrame)
        /// A close frame arrived: all further bytes are skipped. Final.
        case closed
        /// The peer broke the protocol. Final.
        case failed(WebSocketError)
    }

    /// The beginning of a header that was split between buffers.
    struct PartialHeader {
        /// The first `byteCount` of them are set. One byte less than the longest header, which is parsed when it is
        /// complete.
        var bytes = InlineArray<13, UInt8>(repeating: 0)
        /// 0 to 13.
        var byteCount: UInt8 = 0
    }

    /// The rest of a data frame.
    struct DataFrame {
        var remainingByteCount: UInt64
        var maskKey: MaskKey
        let isFinal: Bool
    }

    /// The rest of a control frame.
    struct ControlFrame {
        var remainingByteCount: UInt8
        var maskKey: MaskKey
        let opcode: Opcode
    }
}
