import Chat
import FoundationEssentials
import Primitives

/// What a notification says: `origin JSON`.
///
/// A notification is a hint. Any role that may connect can send one, so its content is never published: it names what
/// to look at, and the look-up reads the rows.
enum ChangeNotification: Equatable, Sendable {
    /// A write of this node, which the node has published already.
    case own
    /// A message to look at.
    case message(MessageID, MessageHint)
    /// The log of changed memberships is to be read.
    case memberships
    /// Nothing that the triggers send.
    case unknown

    /// Reads a payload. Own writes are recognised by their beginning, without parsing.
    init(_ payload: String, ownOrigin: String) {
        let isOwn = payload.hasPrefix(ownOrigin + " ")
        // Memberships concern every reactor of the node, whoever changed them.
        if isOwn, !payload.hasPrefix(ownOrigin + " {\"op\" : \"MEMBER\"") {
            self = .own
            return
        }
        guard let space = payload.firstIndex(of: " "),
            let row = try? JSONDecoder().decode(Row.self, from: Data(payload[payload.index(after: space)...].utf8))
        else {
            self = .unknown
            return
        }
        self = Self.meaning(row)
    }

    /// What is read of a notification's JSON.
    private struct Row: Decodable {
        let op: String
        let id: String?
    }

    private static func meaning(_ row: Row) -> Self {
        let hint: MessageHint
        switch row.op {
        case "MEMBER": return .memberships
        case "INSERT": hint = .created
        case "UPDATE": hint = .edited
        case "DELETE": hint = .deleted
        default: return .unknown
        }
        // PostgreSQL refuses a text with NUL: one would fail the look-up of all others.
        guard let id = row.id, !id.isEmpty, id.utf8.count <= Limits.hintedIDByteCountMax, !id.utf8.contains(0) else {
            return .unknown
        }
        return .message(MessageID(id), hint)
    }
}

/// What notifications say happened to a message; several may say different things of one.
struct MessageHint: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let created = Self(rawValue: 1)
    static let edited = Self(rawValue: 2)
    static let deleted = Self(rawValue: 4)
}

/// The messages that notifications named and that no look-up has taken, each once, in the order of the notifications.
struct HintQueue {
    private var order = PoolQueue<MessageID>()
    private var hints: [MessageID: MessageHint] = [:]

    var count: Int { order.count }
    var isEmpty: Bool { order.isEmpty }

    /// Adds a hint; one of a message that is pending already joins it. False when `countMax` messages are pending.
    mutating func add(_ id: MessageID, _ hint: MessageHint, countMax: Int) -> Bool {
        if let pending = hints[id] {
            hints[id] = pending.union(hint)
            return true
        }
        guard order.count < countMax else { return false }
        hints[id] = hint
        order.append(id)
        return true
    }

    /// Takes the first messages, at most `countMax`.
    mutating func take(_ countMax: Int) -> [HintedMessage] {
        var taken: [HintedMessage] = []
        while taken.count < countMax, let id = order.popFirst() {
            taken.append(HintedMessage(id: id, hint: hints.removeValue(forKey: id) ?? []))
        }
        return taken
    }

    mutating func removeAll() { self = Self() }
}

/// A message that notifications named.
struct HintedMessage: Hashable, Sendable {
    let id: MessageID
    let hint: MessageHint
}

/// What the tables say of a message that was named.
enum FoundMessage: Equatable, Sendable {
    /// The row as it is.
    case present(Message)
    /// There is no row, and the triggers logged its deletion from the shop.
    case deleted(ShopID)
    /// Neither, or what is there was written before the horizon: that was published, or is none of this node's.
    case nothing

    /// What is to be published, given what was notified: a deletion is published as such only when a notification
    /// said so, as the one that says so follows.
    func change(_ hinted: HintedMessage) -> StoreChange? {
        switch self {
        case .present(let message):
            if hinted.hint.contains(.created) { return .messageCreated(message) }
            return hinted.hint.contains(.edited) ? .messageEdited(message) : nil
        case .deleted(let shop): return hinted.hint.contains(.deleted) ? .messageDeleted(hinted.id, shop) : nil
        case .nothing: return nil
        }
    }
}
