import Hub
import Primitives
import Reactor

/// The sends of the hub, enqueued with the reactor. The hub's groups are of plain connections.
struct TransportSink<IO: Driver>: HubSink {
    unowned let reactor: Shard<IO>.ShardReactor

    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        // SAFETY: the hub keeps the bytes in place until `submitted`, which follows the submission.
        unsafe bytes.withUnsafeBytes { bytes in
            for index in connections.indices { unsafe reactor.trySendInGroup(connections[index], bytes) }
        }
    }

    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        // SAFETY: as above.
        unsafe bytes.withUnsafeBytes { unsafe reactor.trySend(connection, $0) }
    }
}
