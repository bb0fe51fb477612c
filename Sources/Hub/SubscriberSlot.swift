/// What the hub knows of a connection that is subscribed, in 8 bytes.
struct SubscriberSlot: BitwiseCopyable {
    /// The state in the upper 8 bits, the topic's index in the others.
    private let stateAndTopic: UInt32
    /// The index among the topic's current subscribers, or among the shard's trailing ones.
    let place: UInt32

    /// Topics are numbered below it.
    static let topicBound: UInt32 = 1 << 24

    /// The connection gets nothing any more.
    static let ended = SubscriberSlot(state: .ended, topic: SlabIndex(raw: 0), place: 0)

    init(state: SubscriberState, topic: SlabIndex<Topic>, place: UInt32) {
        assert(topic.raw < Self.topicBound)
        stateAndTopic = UInt32(state.rawValue) << 24 | topic.raw
        self.place = place
    }

    var state: SubscriberState { SubscriberState(rawValue: UInt8(stateAndTopic >> 24)) ?? .ended }
    /// The topic, while the state is not `ended`.
    var topic: SlabIndex<Topic> { SlabIndex(raw: stateAndTopic & (Self.topicBound - 1)) }
    var trailing: SlabIndex<TrailingSubscriber> { SlabIndex(raw: place) }
}

/// The state of a subscriber in the hub.
enum SubscriberState: UInt8, BitwiseCopyable {
    /// Caught up: shares the topic's cursor. Becomes trailing or ended.
    case current
    /// Has a cursor or an outbox of its own. Becomes current or ended.
    case trailing
    /// Gets nothing any more, and waits for `unsubscribe`.
    case ended
}
