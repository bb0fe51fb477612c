import Primitives
import Sessions
import TLS

/// The streams of a shard, and what only some of them have.
final class StreamConnections {
    private let table: SlotTable<StreamConnection>
    /// The addresses of streams whose connections are counted by address. Outside the table, as few servers count them.
    var addresses: [ConnectionID: PeerAddress] = [:]
    /// The input that streams sent beyond their frames of a turn.
    var heldInput = HeldInput()
    /// The tickets of streams that newer ones may replace.
    var tickets = StreamTickets()

    init(capacity: Int) { table = SlotTable(capacity: capacity) }

    /// The streams whose socket is not closed yet.
    var count: Int { table.count }
    /// Those with TLS.
    private(set) var sealedCount = 0
    /// Their connections; O(capacity).
    var connections: [ConnectionID] { table.connections }

    /// Whether the connection is a stream.
    func contains(_ connection: ConnectionID) -> Bool { table.contains(connection) }

    /// A copy of the stream; nil when there is none.
    subscript(connection: ConnectionID) -> StreamConnection? { table[connection] }

    /// Calls `body` with the stream in place; nil when there is none.
    func withValue<Result>(_ connection: ConnectionID, _ body: (inout StreamConnection) -> Result) -> Result? {
        table.withValue(connection, body)
    }

    /// The TLS of a stream; nil when it is plain, or there is none.
    func tls(of connection: ConnectionID) -> TLSConnection? { table.withValue(connection) { $0.transport.tls } ?? nil }

    /// Adds a stream.
    func insert(_ stream: StreamConnection, for connection: ConnectionID) {
        if stream.transport.tls != nil { sealedCount += 1 }
        table.insert(stream, for: connection)
    }

    /// Removes a stream whose connection has ended.
    func remove(_ connection: ConnectionID) -> StreamConnection? {
        guard let stream = table.remove(connection) else { return nil }
        if stream.transport.tls != nil { sealedCount -= 1 }
        return stream
    }
}
