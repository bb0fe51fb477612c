import FoundationEssentials
import Primitives

/// A notification of the triggers, `origin JSON`, understood.
enum ChangeNotification: Equatable, Sendable {
    /// Our own write, which we have told already.
    case own
    /// A change that the notification holds whole.
    case change(StoreChange)
    /// A message too large for a notification: it is to be read.
    case large(MessageID, isEdit: Bool)
    /// Nothing that our triggers send.
    case unknown

    /// Reads a payload. Our own are told by their beginning, without reading them.
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

    /// The JSON of a notification; what is optional is missing in some kinds of it.
    private struct Row: Decodable {
        let op: String
        let id: String?
        let shopID: String
        let userID: String?
        let message: String?
        let parentID: String?
        let username: String?
        let isEdited: Bool?
        let createdAt: Int64?
        let updatedAt: Int64?

        enum CodingKeys: String, CodingKey {
            case op, id, message, username
            case shopID = "shop_id"
            case userID = "user_id"
            case parentID = "parent_id"
            case isEdited = "is_edited"
            case createdAt = "created_at"
            case updatedAt = "updated_at"
        }
    }

    private static func meaning(_ row: Row) -> Self {
        switch row.op {
        case "MEMBER":
            guard let userID = row.userID else { return .unknown }
            return .change(.membershipChanged(ShopID(row.shopID), UserID(userID)))
        case "DELETE":
            guard let id = row.id else { return .unknown }
            return .change(.messageDeleted(MessageID(id), ShopID(row.shopID)))
        case "INSERT", "UPDATE":
            guard let id = row.id else { return .unknown }
            let isEdit = row.op == "UPDATE"
            guard let userID = row.userID, let text = row.message, let createdAt = row.createdAt else {
                return .large(MessageID(id), isEdit: isEdit)
            }
            let message = Message(
                id: MessageID(id), shopID: ShopID(row.shopID), userID: UserID(userID), text: text,
                createdAt: Timestamp(microsecondsSinceEpoch: createdAt),
                updatedAt: row.updatedAt.map(Timestamp.init(microsecondsSinceEpoch:)),
                isEdited: row.isEdited ?? false, parentID: row.parentID.map(MessageID.init(_:)),
                username: row.username)
            return .change(isEdit ? .messageEdited(message) : .messageCreated(message))
        default: return .unknown
        }
    }
}
