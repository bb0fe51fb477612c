/// The kind of a frame: the low four bits of its first byte (RFC 6455, section 5.2). The other values are reserved.
public enum Opcode: UInt8, Hashable, Sendable, CaseIterable {
    /// A further fragment of the current message.
    case continuation = 0x0
    /// The first fragment of a message of UTF-8 text.
    case text = 0x1
    /// The first fragment of a message of bytes.
    case binary = 0x2
    /// The start of the closing handshake, or its answer.
    case close = 0x8
    /// Asks for a pong.
    case ping = 0x9
    /// Answers a ping, or is unsolicited.
    case pong = 0xA

    /// Whether the frame concerns the connection and is not part of a message. Such a frame is short and unfragmented,
    /// and allowed between the fragments of a message (section 5.5).
    @inlinable
    public var isControl: Bool { rawValue & 0x8 != 0 }
}

/// The content of a message.
public enum MessageKind: UInt8, Hashable, Sendable, CaseIterable {
    /// UTF-8, validated as it arrives.
    case text
    /// Any bytes.
    case binary

    /// The opcode of the message's first frame.
    @inlinable
    public var opcode: Opcode {
        switch self {
        case .text: .text
        case .binary: .binary
        }
    }
}
