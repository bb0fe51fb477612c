import Primitives

/// A subscriber that does not share its channel's cursor: its socket was full, a control frame or the answer to its
/// handshake waits, or it came while the others were behind.
///
/// Attached, it has a cursor of its own and holds the log. Detached, it is on its way out (too slow, or closing): what
/// is left of its frame and the control frames stand in its outbox, and it holds nothing else.
struct Laggard: BitwiseCopyable {
    private let slot: UInt32
    private let generation: UInt32
    let log: SlabIndex<ChannelLog>
    /// Where the next byte of the log comes from; of no meaning once detached.
    var cursor: LogPosition
    var outbox = Outbox()

    var state: LaggardState
    var isAttached = true
    /// A close frame is in the outbox: nothing is sent after it.
    var isClosing = false
    /// The close frame waits, attached, until the cursor is here; 0 when it goes out at the next frame boundary.
    var closeOffset: UInt64 = 0
    /// What the send under way takes its bytes from, and how many.
    var isSendingOutbox = false
    var underWayByteCount = 0
    /// The flush that had sent to it as to a member when it left the members: that send may still fall short.
    var leftMembersInFlush: UInt32

    /// Links of the frame's list, of those blocked or of the others.
    var frameNext = SlabIndex<Laggard>.null
    var framePrevious = SlabIndex<Laggard>.null
    /// Links of the queue of those that are ready, or parked.
    var turnNext = SlabIndex<Laggard>.null
    var turnPrevious = SlabIndex<Laggard>.null

    init(
        _ connection: ConnectionID, log: SlabIndex<ChannelLog>, cursor: LogPosition, state: LaggardState,
        leftMembersInFlush: UInt32
    ) {
        slot = connection.slot
        generation = connection.generation
        self.log = log
        self.cursor = cursor
        self.state = state
        self.leftMembersInFlush = leftMembersInFlush
    }

    var connection: ConnectionID { ConnectionID(slot: slot, generation: generation) }
}

/// What a laggard waits for.
enum LaggardState: UInt8, BitwiseCopyable {
    /// Its turn in a flush; becomes underWay, parked, or ends as a member.
    case ready
    /// The end of the pass; becomes ready.
    case parked
    /// The report of its send; becomes blocked, ready or idle, or ends as a member.
    case underWay
    /// Room in its socket; becomes ready, or idle when detached.
    case blocked
    /// A control frame: detached and nothing to send; becomes ready.
    case idle
}

/// A first-in-first-out list of laggards, linked through `turnNext` and `turnPrevious`.
struct LaggardQueue: BitwiseCopyable {
    private(set) var first = SlabIndex<Laggard>.null
    private var last = SlabIndex<Laggard>.null

    var isEmpty: Bool { first.isNull }

    /// O(1).
    mutating func append(_ laggard: SlabIndex<Laggard>, in laggards: inout Slab<Laggard>) {
        laggards[laggard].turnNext = .null
        laggards[laggard].turnPrevious = last
        if last.isNull { first = laggard } else { laggards[last].turnNext = laggard }
        last = laggard
    }

    /// O(1).
    mutating func remove(_ laggard: SlabIndex<Laggard>, in laggards: inout Slab<Laggard>) {
        let next = laggards[laggard].turnNext
        let previous = laggards[laggard].turnPrevious
        if previous.isNull { first = next } else { laggards[previous].turnNext = next }
        if next.isNull { last = previous } else { laggards[next].turnPrevious = previous }
    }
}
