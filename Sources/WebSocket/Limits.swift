/// The limits of the protocol, and the limits on what a peer can make us do.
public enum WebSocketLimits {
    /// The longest payload of a control frame, in bytes (RFC 6455, section 5.5).
    public static let controlPayloadByteCountMax = 125
    /// The longest reason of a close frame, in bytes: the control payload less the two bytes of the code.
    public static let closeReasonByteCountMax = controlPayloadByteCountMax - 2
    /// The longest frame header, in bytes: two, eight of extended length, four of mask key (section 5.2).
    public static let frameHeaderByteCountMax = 14
    /// The highest limit that a decoder accepts for the length of a message, in bytes; it counts in 32 bits to stay
    /// small.
    public static let messageByteCountCeiling = Int(UInt32.max)
    /// How many subprotocols a client may offer; each is compared with those before it.
    public static let subprotocolOfferCountMax = 32
}
