/// What the hub stores about a subscribed connection, in 8 bytes.
struct SubscriberSlot: BitwiseCopyable {
    /// The state in the upper 8 bits, the topic's index in the others.
    private let stateAndTopic: UInt32
    /// The index among the topic's current subscribers, or among the shard's trailing ones.
    let place: UInt32

    /// The indices of topics are below it.
    static let topicBound: UInt32 = 1 << 24

    /// Nothing more is sent to the connection.
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

/// The state of a subscriber.
enum SubscriberState: UInt8, BitwiseCopyable {
    /// Caught up: shares the topic's cursor. Becomes trailing or ended.
    case current
    /// Has its own cursor or outbox. Becomes current or ended.
    case trailing
    /// Nothing more is sent to it; waits for its `unsubscribe`.
    case ended
}
