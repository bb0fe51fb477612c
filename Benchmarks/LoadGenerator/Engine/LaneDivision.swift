/// Which lanes of a run have streams and which post.
///
/// A lane that only posts keeps its send times, however many deliveries the others read. Each process therefore has one
/// such lane, its first, unless `hasPostingLanes` is false.
package struct LaneDivision: Hashable, Sendable {
    /// A lane's share of a sequence that is dealt out round-robin: the numbers `index`, `index + count`,
    /// `index + 2 count`, …
    package struct Share: Hashable, Sendable {
        /// The share's number, from 0.
        package let index: Int
        /// The number of shares.
        package let count: Int

        /// How many of the numbers below `total` belong to the share.
        package func count(of total: Int) -> Int { (total - index + count - 1) / count }
    }

    /// The number of lanes of all processes.
    package let laneCount: Int
    /// The number of processes, each with the same number of consecutive lanes.
    package let processCount: Int
    /// Whether each process has a lane that only posts.
    package let hasPostingLanes: Bool

    /// Creates a division; `laneCount` is a multiple of `processCount`, and with posting lanes at least twice as large.
    package init(laneCount: Int, processCount: Int, hasPostingLanes: Bool) {
        precondition(processCount > 0 && laneCount > 0 && laneCount.isMultiple(of: processCount))
        precondition(!hasPostingLanes || laneCount >= 2 * processCount, "at least one lane per process receives")
        self.laneCount = laneCount
        self.processCount = processCount
        self.hasPostingLanes = hasPostingLanes
    }

    /// A lane's share of the streams; nil when it has none.
    package func streams(ofLane lane: Int) -> Share? {
        guard hasPostingLanes else { return Share(index: lane, count: laneCount) }
        let each = laneCount / processCount
        guard !lane.isMultiple(of: each) else { return nil }
        return Share(index: lane - lane / each - 1, count: laneCount - processCount)
    }

    /// A lane's share of the shops that receive posts; nil when it has none.
    package func shops(ofLane lane: Int) -> Share? {
        guard hasPostingLanes else { return Share(index: lane, count: laneCount) }
        let each = laneCount / processCount
        guard lane.isMultiple(of: each) else { return nil }
        return Share(index: lane / each, count: processCount)
    }
}
