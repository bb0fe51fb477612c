public import Primitives

/// A stored message of a shop. The shop's owner chose its id and times.
public struct Message: Sendable {
    /// Unique among the messages of all shops.
    public var id: MessageID
    /// The shop that it belongs to.
    public var shopID: ShopID
    /// Its author.
    public var userID: UserID
    /// The text, byte for byte; without NUL.
    public var text: String
    /// When it was written, by the shop's clock, so unique within the shop.
    public var createdAt: Timestamp
    /// When it was last edited, by the same clock; nil when it was never edited.
    public var updatedAt: Timestamp?
    /// Whether it was edited.
    public var isEdited: Bool
    /// The message of the same shop that it replies to.
    public var parentID: MessageID?
    /// The author's name. Passed to a store: the name in the token, kept with the message. Read from a store: the name
    /// in the table of users, else the one kept with the message.
    public var username: String?

    /// Creates a message from unchecked fields.
    public init(
        id: MessageID,
        shopID: ShopID,
        userID: UserID,
        text: String,
        createdAt: Timestamp,
        updatedAt: Timestamp? = nil,
        isEdited: Bool = false,
        parentID: MessageID? = nil,
        username: String? = nil
    ) {
        self.id = id
        self.shopID = shopID
        self.userID = userID
        self.text = text
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.isEdited = isEdited
        self.parentID = parentID
        self.username = username
    }

    /// The time of the last change: `updatedAt`, else `createdAt`.
    public var changedAt: Timestamp { updatedAt ?? createdAt }
}

extension Message: Equatable {
    /// Whether all fields are equal, texts byte for byte: `String` equality would treat two encodings of "é" as equal.
    public static func == (left: Self, right: Self) -> Bool {
        left.id == right.id && left.shopID == right.shopID && left.userID == right.userID
            && left.text.hasSameBytes(as: right.text)
            && left.createdAt == right.createdAt && left.updatedAt == right.updatedAt
            && left.isEdited == right.isEdited && left.parentID == right.parentID
            && left.username.map { Array($0.utf8) } == right.username.map { Array($0.utf8) }
    }
}
