import Primitives

/// A subscriber that does not share its topic's cursor: its socket was full, a control frame or the response to its
/// handshake is pending, or it subscribed while messages were pending for the others.
///
/// While attached, it has its own cursor and holds the log. Once detached, it is about to end (too slow, or closing):
/// its outbox contains the rest of its frame and the control frames, and it holds nothing else.
struct TrailingSubscriber: BitwiseCopyable {
    private let slot: UInt32
    private let generation: UInt32
    let log: SlabIndex<TopicLog>
    /// The position of its next byte in the log; without meaning once detached.
    var cursor: LogPosition
    var outbox = Outbox()

    var state: TrailingState
    var isAttached = true
    /// A close frame is in the outbox: nothing is sent after it.
    var isClosing = false
    /// While attached, the close frame waits until the cursor is here; 0 when it is due at the next frame boundary.
    var closeOffset: UInt64 = 0
    /// The source of the send in flight, and its size.
    var isSendingOutbox = false
    var inFlightByteCount = 0
    /// The flush in which a group's `trySend` included it before it began to trail: that send may still be short.
    var leftCurrentInFlush: UInt32

    /// Links of the frame's list of blocked subscribers, or of the others.
    var frameNext = SlabIndex<TrailingSubscriber>.null
    var framePrevious = SlabIndex<TrailingSubscriber>.null
    /// Links of the queue of ready subscribers, or of parked ones.
    var queueNext = SlabIndex<TrailingSubscriber>.null
    var queuePrevious = SlabIndex<TrailingSubscriber>.null

    init(
        _ connection: ConnectionID, log: SlabIndex<TopicLog>, cursor: LogPosition, state: TrailingState,
        leftCurrentInFlush: UInt32
    ) {
        slot = connection.slot
        generation = connection.generation
        self.log = log
        self.cursor = cursor
        self.state = state
        self.leftCurrentInFlush = leftCurrentInFlush
    }

    var connection: ConnectionID { ConnectionID(slot: slot, generation: generation) }
}

/// What a trailing subscriber waits for.
enum TrailingState: UInt8, BitwiseCopyable {
    /// To be served in a flush; becomes inFlight or parked, or the subscriber becomes current.
    case ready
    /// The end of the sweep; becomes ready.
    case parked
    /// The report of its send; becomes blocked, ready or idle, or the subscriber becomes current.
    case inFlight
    /// Room in its socket; becomes ready, or idle when detached.
    case blocked
    /// A control frame: the subscriber is detached and has nothing to send; becomes ready.
    case idle
}

/// A first-in-first-out list of trailing subscribers, linked through `queueNext` and `queuePrevious`.
struct TrailingQueue: BitwiseCopyable {
    private(set) var first = SlabIndex<TrailingSubscriber>.null
    private var last = SlabIndex<TrailingSubscriber>.null

    var isEmpty: Bool { first.isNull }

    /// O(1).
    mutating func append(_ subscriber: SlabIndex<TrailingSubscriber>, in trailing: inout Slab<TrailingSubscriber>) {
        trailing[subscriber].queueNext = .null
        trailing[subscriber].queuePrevious = last
        if last.isNull { first = subscriber } else { trailing[last].queueNext = subscriber }
        last = subscriber
    }

    /// O(1).
    mutating func remove(_ subscriber: SlabIndex<TrailingSubscriber>, in trailing: inout Slab<TrailingSubscriber>) {
        let next = trailing[subscriber].queueNext
        let previous = trailing[subscriber].queuePrevious
        if previous.isNull { first = next } else { trailing[previous].queueNext = next }
        if next.isNull { last = previous } else { trailing[next].queuePrevious = previous }
    }
}
