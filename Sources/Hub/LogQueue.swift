/// A first-in-first-out list of logs, linked through `nextDirty`.
struct LogQueue: BitwiseCopyable {
    private var first = SlabIndex<ChannelLog>.null
    private var last = SlabIndex<ChannelLog>.null

    var isEmpty: Bool { first.isNull }

    /// O(1).
    mutating func append(_ log: SlabIndex<ChannelLog>, in logs: inout Slab<ChannelLog>) {
        logs[log].nextDirty = .null
        if last.isNull { first = log } else { logs[last].nextDirty = log }
        last = log
    }

    /// O(1).
    mutating func popFirst(in logs: borrowing Slab<ChannelLog>) -> SlabIndex<ChannelLog>? {
        if first.isNull { return nil }
        let log = first
        first = logs[log].nextDirty
        if first.isNull { last = .null }
        return log
    }

    /// Moves all of `other` behind its own. O(1).
    mutating func append(contentsOf other: inout LogQueue, in logs: inout Slab<ChannelLog>) {
        if other.isEmpty { return }
        if last.isNull { first = other.first } else { logs[last].nextDirty = other.first }
        last = other.last
        other = LogQueue()
    }
}
