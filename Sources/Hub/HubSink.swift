public import Primitives

/// Where a flush hands its sends: the I/O below the hub.
///
/// Both calls attempt at once what the socket has room for, when the driver submits; neither waits. The bytes stay
/// valid and unmoved until `HubShard.submitted`, so an implementation may keep their address that long and no longer.
/// Within one flush a connection is named at most once.
public protocol HubSink: ~Copyable {
    /// Sends the same bytes to each of the connections. Silent for those that took all; for each other one
    /// `groupSendFellShort` (or `sendFailed`) follows before `submitted`.
    mutating func sendGroup(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>)

    /// Sends bytes to one connection. Exactly one `singleSendCompleted` (or `sendFailed`, or the connection's
    /// `unsubscribe`) follows before `submitted`.
    mutating func sendSingle(_ connection: ConnectionID, _ bytes: Span<UInt8>)
}

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
