public import Primitives

/// A change in a shop.
///
/// Messages are in the form that their readers receive: image URLs are already signed where a deployment signs them.
public enum ChatEvent: Sendable, Equatable {
    case messageCreated(Message)
    case messageEdited(Message)
    case messageDeleted(MessageID, in: ShopID)

    /// The kind of change, without its message.
    public enum Kind: Sendable {
        case messageCreated
        case messageEdited
        case messageDeleted

        /// The `type` of the event on the wire.
        public var name: StaticString {
            switch self {
            case .messageCreated: "message.created"
            case .messageEdited: "message.edited"
            case .messageDeleted: "message.deleted"
            }
        }

        /// Whether the event contains an existing message.
        public var isMessage: Bool {
            switch self {
            case .messageCreated, .messageEdited: true
            case .messageDeleted: false
            }
        }
    }

    /// The kind of change.
    public var kind: Kind {
        switch self {
        case .messageCreated: .messageCreated
        case .messageEdited: .messageEdited
        case .messageDeleted: .messageDeleted
        }
    }
}
