public import Primitives

/// Takes the sends of a flush: the I/O below the hub.
///
/// When the driver submits, both calls send at once what the socket has room for; neither waits. The bytes stay valid
/// and unmoved until `HubShard.submitted`, and an implementation may keep their address until then. Within one flush a
/// connection is named at most once.
public protocol HubSink: ~Copyable {
    /// Sends the same bytes to each connection of a group. A send of all bytes is not reported. For each connection that
    /// took fewer, one `shortSend` (or `sendFailed`) follows before `submitted`.
    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>)

    /// Sends bytes to one connection. Exactly one `sendCompleted` (or `sendFailed`, or the connection's
    /// `unsubscribe`) follows before `submitted`.
    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>)
}

/// How much a flush may send before the loop continues with its other work. Afterwards it holds what is left.
public struct FlushBudget: Sendable {
    /// The number of sends, each to one connection.
    public var sendCount: Int
    /// The bytes offered to sockets; the last send may overdraw it.
    public var byteCount: Int

    /// A budget for one flush.
    public init(sendCount: Int, byteCount: Int) {
        self.sendCount = sendCount
        self.byteCount = byteCount
    }

    /// Whether the budget is used up.
    public var isSpent: Bool { sendCount <= 0 || byteCount <= 0 }
}
