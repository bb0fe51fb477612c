/// What the streams of a shop are told: a change and the JSON that describes it.
struct Publication: Sendable, Equatable {
    /// What happened, as events name it.
    enum Event: Sendable {
        case messageCreated
        case messageEdited
        case messageDeleted

        /// `type` of an event (`shopstream.v2`).
        var type: StaticString {
            switch self {
            case .messageCreated: "message.created"
            case .messageEdited: "message.edited"
            case .messageDeleted: "message.deleted"
            }
        }

        /// Whether streams without a subprotocol are told: they know messages only, and nothing of a deletion.
        var isMessage: Bool {
            switch self {
            case .messageCreated, .messageEdited: true
            case .messageDeleted: false
            }
        }
    }

    let event: Event
    /// The message; of a deleted one its id and its shop.
    let json: [UInt8]
}
