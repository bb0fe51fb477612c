/// How a peer broke the protocol on an open connection. Each case fails the connection (RFC 6455, section 7.1.7).
public enum WebSocketError: UInt8, Error, Hashable, Sendable, CaseIterable {
    /// A reserved bit is set, and no negotiated extension defines it (section 5.2).
    case reservedBitSet
    /// An opcode that the protocol reserves (section 5.2).
    case unknownOpcode
    /// A client's frame without a mask (section 5.1).
    case unmaskedFrame
    /// A server's frame with a mask (section 5.1).
    case maskedFrame
    /// A control frame that is not final (section 5.4).
    case controlFrameFragmented
    /// A control frame with more than 125 bytes of payload (section 5.5).
    case controlFrameTooLong
    /// A length in more bytes than it needs (section 5.2).
    case lengthNotMinimal
    /// A 64-bit length with its top bit set (section 5.2).
    case lengthOutOfRange
    /// A continuation frame while no message is incomplete (section 5.4).
    case continuationWithoutStart
    /// A new message before the current one has ended (section 5.4).
    case messageInterrupted
    /// A message longer than the limit, over all its fragments (section 7.4.1).
    case messageTooBig
    /// A text message that is not UTF-8 (section 8.1).
    case textNotUTF8
    /// A close frame with a payload of one byte: half a code (section 5.5.1).
    case closePayloadTruncated
    /// A close code that is not allowed on the wire (section 7.4).
    case closeCodeInvalid
    /// A close reason that is not UTF-8 (section 5.5.1).
    case closeReasonNotUTF8
}

extension WebSocketError {
    /// The code that the connection is closed with. Only this property maps errors to codes.
    public var closeCode: CloseCode {
        switch self {
        case .reservedBitSet, .unknownOpcode, .unmaskedFrame, .maskedFrame, .controlFrameFragmented,
            .controlFrameTooLong, .lengthNotMinimal, .lengthOutOfRange, .continuationWithoutStart,
            .messageInterrupted, .closePayloadTruncated, .closeCodeInvalid:
            .protocolError
        case .textNotUTF8, .closeReasonNotUTF8:
            .invalidPayload
        case .messageTooBig:
            .messageTooBig
        }
    }

    /// A stable name for metrics and logs.
    public var label: StaticString {
        switch self {
        case .reservedBitSet: "reserved_bit_set"
        case .unknownOpcode: "unknown_opcode"
        case .unmaskedFrame: "unmasked_frame"
        case .maskedFrame: "masked_frame"
        case .controlFrameFragmented: "control_frame_fragmented"
        case .controlFrameTooLong: "control_frame_too_long"
        case .lengthNotMinimal: "length_not_minimal"
        case .lengthOutOfRange: "length_out_of_range"
        case .continuationWithoutStart: "continuation_without_start"
        case .messageInterrupted: "message_interrupted"
        case .messageTooBig: "message_too_big"
        case .textNotUTF8: "text_not_utf8"
        case .closePayloadTruncated: "close_payload_truncated"
        case .closeCodeInvalid: "close_code_invalid"
        case .closeReasonNotUTF8: "close_reason_not_utf8"
        }
    }
}
