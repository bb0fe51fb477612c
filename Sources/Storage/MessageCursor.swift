import Chat
import Primitives

/// A place in a shop's order of creation, behind and before which messages are read (keyset pagination).
public struct MessageCursor: Hashable, Comparable, Sendable {
    /// When the message at the place was written.
    public var createdAt: Timestamp
    /// Its id: orders messages of the same time, by its bytes.
    public var id: MessageID

    /// Joins the parts.
    public init(createdAt: Timestamp, id: MessageID) {
        self.createdAt = createdAt
        self.id = id
    }

    /// Earlier times first; among equal ones the bytes of the ids decide, as SQL's binary collation has it.
    public static func < (left: Self, right: Self) -> Bool {
        left.createdAt != right.createdAt ? left.createdAt < right.createdAt : left.id.precedes(right.id)
    }

    /// The place of a message.
    public init(of message: Message) {
        self.init(createdAt: message.createdAt, id: message.id)
    }
}
