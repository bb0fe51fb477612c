/// What the hub knows of a connection that is subscribed, in 8 bytes.
struct SubscriberSlot: BitwiseCopyable {
    /// The state in the upper 8 bits, the channel's index in the others.
    private let stateAndChannel: UInt32
    /// The index among the channel's members, or the place of the laggard.
    let place: UInt32

    /// Channels are numbered below it.
    static let channelBound: UInt32 = 1 << 24

    /// The connection gets nothing any more.
    static let ended = SubscriberSlot(state: .ended, channel: SlabIndex(raw: 0), place: 0)

    init(state: SubscriberState, channel: SlabIndex<Channel>, place: UInt32) {
        assert(channel.raw < Self.channelBound)
        stateAndChannel = UInt32(state.rawValue) << 24 | channel.raw
        self.place = place
    }

    var state: SubscriberState { SubscriberState(rawValue: UInt8(stateAndChannel >> 24)) ?? .ended }
    /// The channel, while the state is not `ended`.
    var channel: SlabIndex<Channel> { SlabIndex(raw: stateAndChannel & (Self.channelBound - 1)) }
    var laggard: SlabIndex<Laggard> { SlabIndex(raw: place) }
}

/// How a subscriber stands with the hub.
enum SubscriberState: UInt8, BitwiseCopyable {
    /// Caught up: shares the channel's cursor. Becomes lagging or ended.
    case member
    /// Has a cursor or an outbox of its own. Becomes member or ended.
    case lagging
    /// Gets nothing any more, and waits for `unsubscribe`.
    case ended
}
