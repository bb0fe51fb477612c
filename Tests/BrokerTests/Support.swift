import Chat
import Primitives

extension Message {
    /// A message numbered `number`, written at that microsecond.
    static func numbered(_ number: Int) -> Message {
        Message(
            id: MessageID("m\(number)"), shopID: "shop", userID: "user", text: "text \(number)",
            createdAt: Timestamp(microsecondsSinceEpoch: Int64(number)))
    }
}

extension Identifier: ExpressibleByStringLiteral {
    /// Wraps the text.
    public init(stringLiteral text: String) { self.init(text) }
}

extension Timestamp: ExpressibleByIntegerLiteral {
    /// Counts microseconds since the epoch.
    public init(integerLiteral microseconds: Int64) { self.init(microsecondsSinceEpoch: microseconds) }
}
