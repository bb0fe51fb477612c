import Chat

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
