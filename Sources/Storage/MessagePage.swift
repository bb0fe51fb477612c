import Chat
import Primitives

/// The messages that a read returned, and whether the limit cut it short.
public struct MessagePage: Sendable, Equatable {
    /// The messages in the requested order.
    public var messages: [Message]
    /// Whether there are more.
    public var hasMore: Bool

    /// Creates a page.
    public init(messages: [Message], hasMore: Bool) {
        self.messages = messages
        self.hasMore = hasMore
    }
}

/// A page of a shop's messages. Pages are numbered from 1, newest messages first.
public struct NumberedPage: Sendable, Equatable {
    /// The messages, newest first; empty after the last page.
    public var messages: [Message]
    /// The number of messages in the shop at the same moment.
    public var totalMessageCount: Int

    /// Creates a page.
    public init(messages: [Message], totalMessageCount: Int) {
        self.messages = messages
        self.totalMessageCount = totalMessageCount
    }
}

/// A position in a shop's order of creation, for reads before and after it (keyset pagination).
public struct MessageCursor: Hashable, Comparable, Sendable {
    /// The time at which the message at the position was written.
    public var createdAt: Timestamp
    /// The message's id, whose bytes order messages of the same time.
    public var id: MessageID

    /// Creates a position.
    public init(createdAt: Timestamp, id: MessageID) {
        self.createdAt = createdAt
        self.id = id
    }

    /// Orders by time, then by the bytes of the ids, as in SQL's binary collation.
    public static func < (left: Self, right: Self) -> Bool {
        left.createdAt != right.createdAt ? left.createdAt < right.createdAt : left.id.precedes(right.id)
    }

    /// The position of a message.
    public init(of message: Message) {
        self.init(createdAt: message.createdAt, id: message.id)
    }
}
