import Chat

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
