import Chat
import Primitives

/// The messages that a read returned, and whether its limit cut it short.
public struct MessagePage: Sendable, Equatable {
    /// In the order that was asked for.
    public var messages: [Message]
    /// Whether there were more.
    public var hasMore: Bool

    /// Joins the parts.
    public init(messages: [Message], hasMore: Bool) {
        self.messages = messages
        self.hasMore = hasMore
    }
}

/// One of the pages of a shop, which are numbered from 1, the newest messages first.
public struct NumberedPage: Sendable, Equatable {
    /// Newest first; empty behind the last page.
    public var messages: [Message]
    /// The messages of the shop, as of the same moment.
    public var totalMessageCount: Int

    /// Joins the parts.
    public init(messages: [Message], totalMessageCount: Int) {
        self.messages = messages
        self.totalMessageCount = totalMessageCount
    }
}

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
