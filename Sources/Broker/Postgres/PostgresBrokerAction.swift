internal import Chat
internal import Primitives
internal import Storage

/// What the broker must do next.
enum PostgresBrokerAction: Equatable {
    /// Begin to connect.
    case connect
    /// Set up the session, LISTEN included.
    case prepare
    /// Close the connection, in whatever state it is.
    case disconnect
    /// Query the database's time, which also shows whether the connection is alive.
    case askTime
    /// Read a page of the messages that were deleted after the position.
    case readDeletions(after: ChangePlace)
    /// Read a page of the messages that changed after the position.
    case readChanges(after: ChangePlace)
    /// Read one message, and log its change when the change has that time.
    case resolve(MessageID, changedAt: Timestamp?)
    /// Read the messages, or the log of their deletions, in this order.
    case lookUp([MessageID])
    /// Notify the observer.
    case deliver(BrokerEvent)
    /// Notify the observer of what the look-up of a notified message found, unless it equals the last state reported
    /// for that message.
    case deliverNotified(BrokerEvent)
    /// Notify the observer of a change that a read of the tables found, unless it was reported before.
    case deliverFound(BrokerEvent)
}

/// A position in the order of changes, by which pages are read.
struct ChangePlace: Hashable {
    let time: Timestamp
    let id: MessageID
}

/// The database's answer. A row that cannot be decoded is left out, but counts as a row.
enum PostgresBrokerAnswer: Equatable {
    case time(Timestamp, holdsLock: Bool)
    /// A page: its changes, its number of rows, and the position of the last row.
    case changes([BrokerEvent], rowCount: Int, last: ChangePlace?)
    /// One message; nil when it does not exist.
    case message(Message?)
    /// The result of a look-up, with one value for each message that was named.
    case found([FoundMessage])
}

extension FoundMessage {
    /// Decodes a row of `changesNamed`. A row that cannot be decoded is left out.
    fileprivate init(_ result: PostgresResult, _ row: Int) {
        guard result.boolean(row, 10) == true else {
            self = .nothing
            return
        }
        if result.text(row, 0) != nil {
            self = (try? PostgresStore.message(result, row)).map(Self.present) ?? .nothing
        } else {
            self = result.text(row, 9).map { .deleted(ShopID($0)) } ?? .nothing
        }
    }
}

extension PostgresBrokerAnswer {
    /// Decodes the result of one of the broker's queries; nil when it cannot be decoded.
    init?(_ statement: PostgresStatement, _ result: PostgresResult) {
        switch statement {
        case .currentTime:
            guard let time = result.time(0, 0) else { return nil }
            self = .time(time, holdsLock: result.boolean(0, 1) == true)
        case .resolveMessage:
            if result.rowCount > 0 {
                guard let message = try? PostgresStore.message(result, 0) else { return nil }
                self = .message(message)
            } else {
                self = .message(nil)
            }
        case .changesNamed:
            self = .found((0..<result.rowCount).map { FoundMessage(result, $0) })
        case .changesSince:
            let changes = (0..<result.rowCount).compactMap { try? PostgresStore.message(result, $0).change }
            self = .changes(changes, rowCount: result.rowCount, last: Self.lastPlace(result, time: [5, 4], id: 0))
        case .deletionsSince:
            let changes = (0..<result.rowCount).compactMap { row -> BrokerEvent? in
                guard let id = result.text(row, 1), let shopID = result.text(row, 2) else { return nil }
                return .messageDeleted(MessageID(id), ShopID(shopID))
            }
            self = .changes(changes, rowCount: result.rowCount, last: Self.lastPlace(result, time: [0], id: 1))
        default: return nil
        }
    }

    /// The position of the last row. Its time is that of the first of the columns that has one.
    private static func lastPlace(_ result: PostgresResult, time columns: [Int], id: Int) -> ChangePlace? {
        let row = result.rowCount - 1
        guard row >= 0, let time = columns.lazy.compactMap({ result.time(row, $0) }).first else { return nil }
        return ChangePlace(time: time, id: MessageID(result.text(row, id) ?? ""))
    }
}
