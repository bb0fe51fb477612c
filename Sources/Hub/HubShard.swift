import Primitives

/// The part of the hub that one reactor owns: the logs of its shops and their subscribers.
///
/// A shop keeps one log of encoded frames. A subscriber is a connection and a cursor into the log; those that are
/// caught up, the *current* ones, share the shop's cursor, so that a flush names them by the thousand and writes nothing for any of them.
/// One that falls behind becomes a *trailing* subscriber with a cursor of its own, and holds the log until it has caught
/// up again, or until it passes a limit and is reported as a slow consumer. Messages are never skipped.
///
/// Pure: no I/O, clock or task. Thread: that of its reactor. The reactor's part of the contract:
/// 1. `flush` names bytes and connections to a `HubSink`; the reactor submits, hands in what was reported
///    (`groupSendFellShort`, `singleSendCompleted`, `sendFailed`) and calls `submitted`, in this order and before the
///    next `flush`. Everything else may be called in between.
/// 2. A report may answer `waitForRoom`: poll that socket once and call `becameWritable`.
/// 3. After reports and publications, close those that `nextSlowConsumer` names.
/// 4. A connection that ended is unsubscribed before its slot is used again.
/// Identifiers that outlived their subscription are ignored. Broken contracts stop the process.
///
/// Memory: 12 bytes for a slot and 8 to 10 in its shop's list for a subscriber that is caught up; no message bytes
/// while none trails. The steady state of publish, flush and submitted allocates nothing.
public struct HubShard: ~Copyable {
    let limits: HubLimits

    let slots: SlotTable<SubscriberSlot>
    var topics = Slab<Topic>()
    var logs = Slab<TopicLog>()
    var trailing = Slab<TrailingSubscriber>()
    var pool: BufferPool

    /// The first topic of each shop; the others follow through `Topic.next`.
    var firstTopics: [ShopID: SlabIndex<Topic>] = [:]
    /// The shop of each topic, by the topic's index: apart from `Topic`, as only its end reads it.
    var shopsByTopic: [ShopID?] = []

    /// Logs with something to send in this flush, in the order of their turns.
    var dirty = LogQueue()
    /// Logs with something to send in the next flush.
    var held = LogQueue()
    /// Logs to be trimmed once nothing is in flight, linked through `nextTouched`.
    var firstTouched = SlabIndex<TopicLog>.null
    /// Detached trailing subscribers with something to send.
    var endingReady = TrailingQueue()
    var slowConsumers: [ConnectionID] = []

    /// Counts flushes, modulo 2^32.
    var flushNumber: UInt32 = 0
    /// From the first send of a flush to `submitted`: bytes must not move, and nothing may be sent.
    var isAwaitingSubmission = false
    var singleSendsInFlight = 0

    /// The number of subscribers that messages go to.
    public internal(set) var subscriberCount = 0
    /// Those of `subscriberCount` that trail.
    public internal(set) var trailingCount = 0
    /// Bytes of frames that the logs hold.
    public internal(set) var retainedByteCount = 0
    /// Frames that went whole to a subscriber, since the shard was made.
    public internal(set) var deliveredFrameCount: UInt64 = 0

    /// A shard for connections whose slots are below `subscriberCapacity`. Allocates 8 bytes for each 256 of them;
    /// the rest when they come.
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
