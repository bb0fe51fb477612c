import Primitives

/// The part of the hub that one reactor owns: the logs of its shops and their subscribers.
///
/// A shop keeps one log of encoded frames. A subscriber is a connection and a cursor into the log. The *current*
/// subscribers have caught up and share the shop's cursor, so that a flush names thousands of them at once and writes
/// nothing for any of them. A subscriber that falls behind becomes a *trailing* subscriber with a cursor of its own. It
/// holds the log until it has caught up again, or until it exceeds a limit and is reported as a slow consumer. Messages
/// are never skipped.
///
/// Pure: no I/O, clock or task. Thread: its reactor's. The reactor's part of the contract:
///
/// 1. `flush` passes bytes and connections to a `HubSink`. The reactor submits, reports the results
///    (`shortSend`, `sendCompleted`, `sendFailed`) and calls `submitted`, in this order and before the
///    next `flush`. All other calls are allowed in between.
/// 2. When a report returns `pollWritable`, the reactor polls that socket once and calls `becameWritable`.
/// 3. After reports and publications, it closes the connections that `nextSlowConsumer` returns.
/// 4. It unsubscribes a connection that has ended before the connection's slot is reused.
///
/// Identifiers that outlived their subscription are ignored. A broken contract stops the process.
///
/// Memory: a subscriber that is caught up takes 12 bytes for its slot and 8 to 10 in its shop's list, and no message
/// bytes are held while no subscriber trails. The steady state of publish, flush and submitted allocates nothing.
public struct HubShard: ~Copyable {
    let limits: HubLimits

    let slots: SlotTable<SubscriberSlot>
    var topics = Slab<Topic>()
    var logs = Slab<TopicLog>()
    var trailing = Slab<TrailingSubscriber>()
    var pool: BufferPool

    /// The first topic of each shop; `Topic.next` links the others.
    var firstTopics: [ShopID: SlabIndex<Topic>] = [:]
    /// The shop of each topic, by the topic's index. Not in `Topic`, because it is read only when the topic ends.
    var shopsByTopic: [ShopID?] = []

    /// Logs with something to send in this flush, in the order in which they are served.
    var dirty = LogQueue()
    /// Logs with something to send in the next flush.
    var held = LogQueue()
    /// Logs to be trimmed once no send is in flight, linked through `nextTouched`.
    var firstTouched = SlabIndex<TopicLog>.null
    /// Detached trailing subscribers with something to send.
    var endingReady = TrailingQueue()
    var slowConsumers: [ConnectionID] = []

    /// The period of the last flush, by which topics count their deliveries.
    var deliveryPeriod: UInt32 = 0
    /// Counts flushes, modulo 2^32.
    var flushNumber: UInt32 = 0
    /// True from the first send of a flush to `submitted`: bytes must not move, and nothing may be sent.
    var isAwaitingSubmission = false
    var singleSendsInFlight = 0

    /// The number of subscribers that receive messages.
    public internal(set) var subscriberCount = 0
    /// How many of the `subscriberCount` trail.
    public internal(set) var trailingCount = 0
    /// Bytes of frames that the logs retain.
    public internal(set) var retainedByteCount = 0
    /// Frames that were sent completely to a subscriber, since the shard was created.
    public internal(set) var deliveredFrameCount: UInt64 = 0

    /// A shard for connections whose slots are below `subscriberCapacity`. Allocates 8 bytes for each 256 of them, and
    /// the rest when connections subscribe.
    public init(limits: HubLimits = HubLimits(), subscriberCapacity: Int) {
        limits.check()
        self.limits = limits
        slots = SlotTable(capacity: subscriberCapacity)
        pool = BufferPool(keptByteCountMax: limits.keptByteCountMax)
    }

    deinit {
        for first in firstTopics.values {
            var index = first
            while !index.isNull {
                let topic = topics[index]
                topic.current.deallocate()
                if !topic.log.isNull {
                    logs[topic.log].frames.buffer.deallocate()
                    logs[topic.log].bytes?.deallocate()
                }
                index = topic.next
            }
        }
        for connection in slots.connections {
            guard let slot = slots[connection], slot.state == .trailing else { continue }
            trailing[slot.trailing].outbox.buffer?.deallocate()
        }
    }
}
