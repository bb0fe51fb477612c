import Chat
import Primitives

/// What the listener wants done.
enum ListenerAction: Equatable {
    /// Begin to connect.
    case connect
    /// Set the session up, LISTEN included.
    case prepare
    /// Close what there is of the connection.
    case disconnect
    /// Ask the database's time, which also shows whether the connection lives.
    case askTime
    /// Read a page of the messages that were deleted behind the place.
    case readDeletions(after: ListenerPlace)
    /// Read a page of the messages that changed behind the place.
    case readChanges(after: ListenerPlace)
    /// Read one message, and log its change when it is of that time.
    case settle(MessageID, changedAt: Timestamp?)
    /// Read the messages, or the log of their deletions, in this order.
    case lookUp([MessageID])
    /// Tell the observer.
    case deliver(StoreChange)
    /// Tell the observer what the look-up of a notified message found, unless that is what it was told last.
    case deliverNotified(StoreChange)
    /// Tell the observer what a look at the tables found, unless it was told before.
    case deliverFound(StoreChange)
}

/// A place in the order of changes, by which pages are read.
struct ListenerPlace: Hashable {
    let time: Timestamp
    let id: MessageID
}

/// What the database answered. A row that cannot be read counts, and is left out.
enum ListenerAnswer: Equatable {
    case time(Timestamp, holdsLock: Bool)
    /// A page, how many rows it had, and the place of the last one.
    case changes([StoreChange], rowCount: Int, last: ListenerPlace?)
    /// One message, or none.
    case message(Message?)
    /// What a look-up found, a value for each message that was named.
    case found([FoundMessage])
}

extension FoundMessage {
    /// Reads a row of `changesNamed`. One that cannot be read is left out.
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

extension ListenerAnswer {
    /// What the rows say that a query of the listener returned; nil when that is nothing.
    init?(_ statement: PostgresStatement, _ result: PostgresResult) {
        switch statement {
        case .currentTime:
            guard let time = result.time(0, 0) else { return nil }
            self = .time(time, holdsLock: result.boolean(0, 1) == true)
        case .settleMessage:
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
            let changes = (0..<result.rowCount).compactMap { row -> StoreChange? in
                guard let id = result.text(row, 1), let shopID = result.text(row, 2) else { return nil }
                return .messageDeleted(MessageID(id), ShopID(shopID))
            }
            self = .changes(changes, rowCount: result.rowCount, last: Self.lastPlace(result, time: [0], id: 1))
        default: return nil
        }
    }

    /// The place of the last row, whose time is that of the first of the columns that has one.
    private static func lastPlace(_ result: PostgresResult, time columns: [Int], id: Int) -> ListenerPlace? {
        let row = result.rowCount - 1
        guard row >= 0, let time = columns.lazy.compactMap({ result.time(row, $0) }).first else { return nil }
        return ListenerPlace(time: time, id: MessageID(result.text(row, id) ?? ""))
    }
}
