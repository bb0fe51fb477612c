/// The log of a topic while it is active: encoded frames, the cursor that the current subscribers share, the sweep over
/// them, and the trailing subscribers.
///
/// Invariants:
/// - head.offset ≤ cursor.offset ≤ sweepTarget.offset ≤ tail.offset, and base ≤ head.offset
/// - current subscribers below `servedCount` are at `sweepTarget`, the others at `cursor`; without a sweep both are the
///   same position and `servedCount` is 0
/// - no trailing subscriber's cursor is before `head`
/// - no blocked trailing subscriber is in a frame below `limitFrame`
struct TopicLog: BitwiseCopyable {
    let topic: SlabIndex<Topic>

    /// The retained bytes; nil when there are none.
    var bytes: PooledBuffer?
    /// The log's offset of the first byte of `bytes`.
    var base: UInt64 = 0
    var frames: FrameRing

    /// The start of the oldest retained frame.
    var head = LogPosition.origin
    /// After the last byte, in the open frame.
    var tail = LogPosition.origin
    /// The position of the current subscribers that the sweep has yet to serve.
    var cursor = LogPosition.origin
    /// The position that the sweep takes them to.
    var sweepTarget = LogPosition.origin
    /// The position that the last sweep took them from; needed after its end, when sends are reported as short.
    var sweepStart = LogPosition.origin
    /// A subscriber that is blocked in a frame below this one is over a limit.
    var limitFrame: UInt64 = 0

    /// The number of current subscribers that the sweep has served.
    var servedCount = 0
    /// The number of trailing subscribers attached to this log.
    var trailingCount = 0
    /// Trailing subscribers whose sockets have room and that may have something to send.
    var ready = TrailingQueue()
    /// Trailing subscribers that the sweep does not serve: they become ready when it ends.
    var parked = TrailingQueue()

    /// The rest of the quantum, in bytes; each send costs its bytes and its price. Negative is a debt.
    var deficitByteCount = 0
    /// Frames that this flush sent completely to a subscriber; its topic counts them when the log is trimmed.
    var sentFrameCount: UInt64 = 0
    /// The flush that last sent to current subscribers: a second send to one of them must wait for the next flush.
    var lastGroupFlush: UInt32
    var isDirty = false
    var isTouched = false
    var nextDirty = SlabIndex<TopicLog>.null
    var nextTouched = SlabIndex<TopicLog>.null

    init(topic: SlabIndex<Topic>, flush: UInt32, pool: inout BufferPool) {
        self.topic = topic
        frames = FrameRing(pool: &pool)
        frames[0] = LogFrame(start: 0)
        lastGroupFlush = flush &- 1
    }

    var isSweeping: Bool { cursor.offset != sweepTarget.offset }
    var retainedByteCount: Int { Int(tail.offset - head.offset) }

    /// Whether the next byte at `position` is the first of a frame. O(1).
    func isFrameBoundary(_ position: LogPosition) -> Bool {
        frames[position.frame].start == position.offset
    }

    /// The offset after the frame at `position`, which is not the open frame. O(1).
    func frameEnd(of position: LogPosition) -> UInt64 {
        precondition(position.frame < tail.frame, "the open frame has no end")
        return frames[position.frame + 1].start
    }

    /// The position `byteCount` bytes after `position`. O(frames passed).
    func position(_ position: LogPosition, advancedBy byteCount: Int) -> LogPosition {
        var result = position
        result.offset += UInt64(byteCount)
        precondition(result.offset <= tail.offset, "a cursor stays in its log")
        while result.frame < tail.frame, frames[result.frame + 1].start <= result.offset { result.frame += 1 }
        return result
    }
}

// MARK: - Bytes

extension TopicLog {
    /// Appends a frame and opens the next. O(frame) amortised; allocates when the pool has no buffer.
    ///
    /// While `mayMoveBytes` is false the kernel reads from the buffer: bytes then move to another buffer, never within
    /// it.
    mutating func append(_ frame: Span<UInt8>, mayMoveBytes: Bool, pool: inout BufferPool) {
        let buffer = reserve(frame.count, mayMoveBytes: mayMoveBytes, pool: &pool)
        buffer.write(frame, at: Int(tail.offset - base))
        tail = LogPosition(offset: tail.offset + UInt64(frame.count), frame: tail.frame + 1)
        frames.append(LogFrame(start: tail.offset), number: tail.frame, oldest: head.frame, pool: &pool)
    }

    private mutating func reserve(_ byteCount: Int, mayMoveBytes: Bool, pool: inout BufferPool) -> PooledBuffer {
        guard let buffer = bytes else {
            let buffer = pool.take(byteCount: byteCount)
            bytes = buffer
            base = tail.offset
            return buffer
        }
        if Int(tail.offset - base) + byteCount <= buffer.byteCapacity { return buffer }
        // Moving the bytes down pays off when it frees at least as much as it moves: the cost is then O(1) per byte.
        let deadByteCount = Int(head.offset - base)
        if mayMoveBytes, deadByteCount >= retainedByteCount, retainedByteCount + byteCount <= buffer.byteCapacity {
            buffer.copy(from: buffer, at: deadByteCount, byteCount: retainedByteCount, to: 0)
            base = head.offset
            return buffer
        }
        return replaceBuffer(byteCount: (retainedByteCount + byteCount) * 3 / 2, pool: &pool)
    }

    /// Moves the retained bytes to a buffer of at least `byteCount` bytes. O(retained).
    @inline(never)
    @discardableResult
    mutating func replaceBuffer(byteCount: Int, pool: inout BufferPool) -> PooledBuffer {
        let larger = pool.take(byteCount: byteCount)
        if let old = bytes {
            larger.copy(from: old, at: Int(head.offset - base), byteCount: retainedByteCount, to: 0)
            pool.give(old)
        }
        bytes = larger
        base = head.offset
        return larger
    }
}

/// A position in a log: the bytes since the log was opened, and the number of the frame that the next byte belongs to.
struct LogPosition: BitwiseCopyable {
    var offset: UInt64
    var frame: UInt64

    static let origin = LogPosition(offset: 0, frame: 0)
}

/// A retained frame: its start, and the trailing subscribers whose cursors are in it.
///
/// The frames make it O(1) to find the oldest cursor, the slow consumers and the frame boundaries: the log is trimmed
/// to the first frame with a list that is not empty, and the blocked subscribers of a frame that passes a limit are too
/// slow. The last record is the open frame, which starts at the tail and has no bytes yet.
struct LogFrame: BitwiseCopyable {
    let start: UInt64
    /// The first of the subscribers that wait for room in their sockets.
    var firstBlocked = SlabIndex<TrailingSubscriber>.null
    /// The first of the other subscribers.
    var firstMoving = SlabIndex<TrailingSubscriber>.null

    var isEmpty: Bool { firstBlocked.isNull && firstMoving.isNull }
}

/// A first-in-first-out list of logs, linked through `nextDirty`.
struct LogQueue: BitwiseCopyable {
    private var first = SlabIndex<TopicLog>.null
    private var last = SlabIndex<TopicLog>.null

    var isEmpty: Bool { first.isNull }

    /// O(1).
    mutating func append(_ log: SlabIndex<TopicLog>, in logs: inout Slab<TopicLog>) {
        logs[log].nextDirty = .null
        if last.isNull { first = log } else { logs[last].nextDirty = log }
        last = log
    }

    /// O(1).
    mutating func popFirst(in logs: borrowing Slab<TopicLog>) -> SlabIndex<TopicLog>? {
        if first.isNull { return nil }
        let log = first
        first = logs[log].nextDirty
        if first.isNull { last = .null }
        return log
    }

    /// Moves all of `other` to the end of this queue. O(1).
    mutating func append(contentsOf other: inout LogQueue, in logs: inout Slab<TopicLog>) {
        if other.isEmpty { return }
        if last.isNull { first = other.first } else { logs[last].nextDirty = other.first }
        last = other.last
        other = LogQueue()
    }
}
