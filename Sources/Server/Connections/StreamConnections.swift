import Primitives
import Sessions

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

    /// Adds a stream.
    func insert(_ stream: StreamConnection, for connection: ConnectionID) { table.insert(stream, for: connection) }

    /// Removes a stream whose connection has ended.
    func remove(_ connection: ConnectionID) -> StreamConnection? { table.remove(connection) }
}
