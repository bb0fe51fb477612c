import Hub
import Primitives

/// Keeps what a flush sends, in its order.
struct RecordingSink: HubSink {
    struct Send: Equatable {
        var connection: ConnectionID
        var bytes: [UInt8]
        var isGroup: Bool
    }

    var sends: [Send] = []

    mutating func sendGroup(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        for index in connections.indices {
            sends.append(Send(connection: connections[index], bytes: copy(bytes), isGroup: true))
        }
    }

    mutating func sendSingle(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        sends.append(Send(connection: connection, bytes: copy(bytes), isGroup: false))
    }

    private func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for index in bytes.indices { result.append(bytes[index]) }
        return result
    }
}

/// Counts what a flush sends and looks at none of it.
struct CountingSink: HubSink {
    var groupSendCount = 0
    var singleSendCount = 0

    mutating func sendGroup(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        groupSendCount += connections.count
    }

    mutating func sendSingle(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        singleSendCount += 1
    }
}
