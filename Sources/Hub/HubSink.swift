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
