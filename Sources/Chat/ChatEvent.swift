package import Primitives

/// A change in a shop.
///
/// Messages are in the form that their readers receive: image URLs are already signed where a deployment signs them.
package enum ChatEvent: Sendable, Equatable {
    case messageCreated(Message)
    case messageEdited(Message)
    case messageDeleted(MessageID, in: ShopID)

    /// The kind of change, without its message.
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

        /// Whether the event contains an existing message.
        package var isMessage: Bool {
            switch self {
            case .messageCreated, .messageEdited: true
            case .messageDeleted: false
            }
        }
    }

    /// The kind of change.
    package var kind: Kind {
        switch self {
        case .messageCreated: .messageCreated
        case .messageEdited: .messageEdited
        case .messageDeleted: .messageDeleted
        }
    }
}
