/// The limits of a hub shard. Counts are per reactor unless stated otherwise.
public struct HubLimits: Sendable {
    /// Messages that may be pending for a blocked subscriber; a frame counts until its last byte is sent.
    public var waitingMessageCountMax = 256
    /// Bytes of the frames that may be pending for a blocked subscriber; a frame counts whole until its last byte is
    /// sent.
    public var waitingByteCountMax = 8 << 20
    /// Bytes of frames that the log of a shop, in one encoding, retains; more than `waitingByteCountMax`.
    public var logByteCountMax = 16 << 20
    /// Bytes lent to all logs and outboxes; above it a blocked subscriber counts as slow when the next message is
    /// published.
    public var lentByteCountMax = 512 << 20
    /// Bytes of returned buffers that are kept for reuse.
    public var keptByteCountMax = 16 << 20
    /// Subscribers of one shop, in all encodings; nil when only the number of descriptors limits them.
    public var shopSubscriberCountMax: Int?

    /// Bytes of the response to a handshake.
    public var prefixByteCountMax = 1024
    /// Bytes of a control frame: a header of at most 6 and a payload of at most 125 (RFC 6455, section 5.5).
    public var controlFrameByteCountMax = 131
    /// Bytes of pending pongs that are all sent; above it only the latest pong is kept.
    public var waitingPongByteCountMax = 1024

    /// Bytes that one send to a trailing subscriber offers.
    public var singleSendByteCountMax = 256 << 10
    /// The price of a send in bytes: the cost of a system call apart from the copying.
    public var sendPriceByteCount = 2048
    /// A topic's quantum, its share of a flush. Each send costs its bytes and `sendPriceByteCount`.
    public var quantumByteCount = 256 << 10

    /// The default limits.
    public init() {}

    /// Stops the process when the limits contradict each other.
    func check() {
        precondition(waitingMessageCountMax > 0 && waitingByteCountMax > 0, "a subscriber may be behind")
        precondition(logByteCountMax > waitingByteCountMax, "a log holds what may wait, and more")
        precondition(logByteCountMax <= 64 << 20, "a log is one buffer of at most 128 MiB")
        precondition(keptByteCountMax >= 0 && lentByteCountMax > 0 && prefixByteCountMax >= 0, "limits are positive")
        precondition(waitingPongByteCountMax >= controlFrameByteCountMax, "a pong may wait")
        precondition(
            singleSendByteCountMax > 0 && sendPriceByteCount >= 0 && quantumByteCount > 0, "turns make progress")
        precondition(shopSubscriberCountMax ?? 1 > 0, "a shop has room")
    }
}
