/// How much a flush may send before the loop looks after its other work. What is left over is in it afterwards.
public struct FlushBudget: Sendable {
    /// Sends, of one connection each.
    public var sendCount: Int
    /// Bytes offered to sockets; the last send may overdraw it.
    public var byteCount: Int

    /// A budget for one flush.
    public init(sendCount: Int, byteCount: Int) {
        self.sendCount = sendCount
        self.byteCount = byteCount
    }

    /// Whether nothing more may be sent.
    public var isSpent: Bool { sendCount <= 0 || byteCount <= 0 }
}
