import Hub
import Primitives

/// Keeps what a flush sends, in its order.
struct RecordingSink: HubSink {
    struct Send {
        var connection: ConnectionID
        var offered: OfferedBytes
        var isGroup: Bool

        var bytes: [UInt8] { offered.copy }

        /// Whether this is the send of this text to this connection.
        func sends(_ text: String, to connection: ConnectionID, isGroup: Bool) -> Bool {
            self.connection == connection && bytes == Array(text.utf8) && self.isGroup == isGroup
        }
    }

    var sends: [Send] = []

    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        let offered = OfferedBytes(bytes)
        for index in connections.indices {
            sends.append(Send(connection: connections[index], offered: offered, isGroup: true))
        }
    }

    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        sends.append(Send(connection: connection, offered: OfferedBytes(bytes), isGroup: false))
    }
}

/// Counts the sends of a flush without reading their bytes.
struct CountingSink: HubSink {
    var sentInGroupCount = 0
    var singleSendCount = 0

    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        sentInGroupCount += connections.count
    }

    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        singleSendCount += 1
    }
}
