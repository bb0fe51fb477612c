import Primitives

/// What the hub knows of a slot of the descriptor table, in 12 bytes.
struct SubscriberSlot: BitwiseCopyable {
    private var stateAndGeneration: UInt32 = 0
    /// The channel, while attached to one.
    private(set) var channel = SlabIndex<Channel>.null
    /// The index among the channel's members, or the place of the laggard.
    private(set) var place: UInt32 = 0

    init() {}

    init(_ connection: ConnectionID, state: SubscriberState, channel: SlabIndex<Channel>, place: UInt32) {
        stateAndGeneration = UInt32(state.rawValue) << 24 | connection.generation
        self.channel = channel
        self.place = place
    }

    var generation: UInt32 { stateAndGeneration & (ConnectionID.generationBound - 1) }
    var state: SubscriberState { SubscriberState(rawValue: UInt8(stateAndGeneration >> 24)) ?? .free }
    var laggard: SlabIndex<Laggard> { SlabIndex(raw: place) }
}

/// How a subscriber stands with the hub.
enum SubscriberState: UInt8, BitwiseCopyable {
    /// Nobody is subscribed.
    case free = 0
    /// Caught up: shares the channel's cursor. Becomes lagging, ended or free.
    case member
    /// Has a cursor or an outbox of its own. Becomes member, ended or free.
    case lagging
    /// Gets nothing any more; becomes free with `unsubscribe`.
    case ended
}
