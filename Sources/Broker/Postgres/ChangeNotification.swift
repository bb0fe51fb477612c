internal import Chat
internal import FoundationEssentials
internal import Primitives
internal import Storage

/// The payload of a notification: `origin JSON`.
///
/// A notification is a hint. Any role that can connect may send one, so its content is never published. It names what
/// to look up, and the look-up reads the rows.
enum ChangeNotification: Equatable, Sendable {
    /// A write of this node, which the node has published already.
    case own
    /// A message to look up.
    case message(MessageID, MessageHint)
    /// The log of changed memberships must be read.
    case memberships
    /// A payload that the triggers do not send.
    case unknown

    /// Parses a payload. The node's own writes are recognised by their prefix, without parsing the JSON. Without an
    /// `ownOrigin` all writes count as those of others.
    init(_ payload: String, ownOrigin: String?) {
        // Membership changes concern every reactor of the node, even when the node itself made them.
        if let ownOrigin, payload.hasPrefix(ownOrigin + " "),
            !payload.hasPrefix(ownOrigin + " {\"op\" : \"MEMBER\"")
        {
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

    /// The fields of a notification's JSON that are used.
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
        // PostgreSQL rejects a text with NUL, which would fail the look-up of all other messages.
        guard let id = row.id, !id.isEmpty, id.utf8.count <= Limits.hintedIDByteCountMax, !id.utf8.contains(0) else {
            return .unknown
        }
        return .message(MessageID(id), hint)
    }
}

/// What notifications reported about a message. Several notifications may report different changes of one message.
struct MessageHint: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let created = Self(rawValue: 1)
    static let edited = Self(rawValue: 2)
    static let deleted = Self(rawValue: 4)
}

/// The messages that notifications named and no look-up has taken, each once, in the order of the notifications.
struct HintQueue {
    private var order = FIFOQueue<MessageID>()
    private var hints: [MessageID: MessageHint] = [:]

    var count: Int { order.count }
    var isEmpty: Bool { order.isEmpty }

    /// Adds a hint, or merges it with the pending hint of the same message. Returns false when `countMax` messages are
    /// pending.
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

    /// Takes at most `countMax` messages, the oldest first.
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

/// What the tables contain for a message that was named.
enum FoundMessage: Equatable, Sendable {
    /// The message's current row.
    case present(Message)
    /// The row does not exist, and the triggers logged its deletion from the shop.
    case deleted(ShopID)
    /// Neither, or the row was written before the horizon: its change was published already or predates this node.
    case nothing

    /// The change to publish for what was notified. A deletion is published only when a notification reported it: if
    /// none has, the notification that reports it follows.
    func change(_ hinted: HintedMessage) -> BrokerEvent? {
        switch self {
        case .present(let message):
            if hinted.hint.contains(.created) { return .messageCreated(message) }
            return hinted.hint.contains(.edited) ? .messageEdited(message) : nil
        case .deleted(let shop): return hinted.hint.contains(.deleted) ? .messageDeleted(hinted.id, shop) : nil
        case .nothing: return nil
        }
    }
}
