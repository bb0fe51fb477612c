package import Primitives

/// What happened in a shop.
///
/// Messages are as their readers get them: image URLs are signed already, where a deployment signs them.
package enum ChatEvent: Sendable, Equatable {
    case messageCreated(Message)
    case messageEdited(Message)
    case messageDeleted(MessageID, in: ShopID)

    /// What happened, without what it happened to.
    package enum Kind: Sendable {
        case messageCreated
        case messageEdited
        case messageDeleted

        /// The `type` of the event on the wire.
        package var name: StaticString {
            switch self {
            case .messageCreated: "message.created"
            case .messageEdited: "message.edited"
            case .messageDeleted: "message.deleted"
            }
        }

        /// Whether the event has a message that is there.
        package var isMessage: Bool {
            switch self {
            case .messageCreated, .messageEdited: true
            case .messageDeleted: false
            }
        }
    }

    /// What happened.
    package var kind: Kind {
        switch self {
        case .messageCreated: .messageCreated
        case .messageEdited: .messageEdited
        case .messageDeleted: .messageDeleted
        }
    }
}
