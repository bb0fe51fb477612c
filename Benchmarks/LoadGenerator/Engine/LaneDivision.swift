/// Which lanes of a run have streams and which post.
///
/// A lane that posts and does nothing else keeps its times however many deliveries the others read; so each process
/// has one such lane, its first, unless it is told to do without.
package struct LaneDivision: Hashable, Sendable {
    /// A lane's part of a whole that is dealt out in turn: the numbers `index`, `index + count`, `index + 2 count`, …
    package struct Share: Hashable, Sendable {
        /// The part, 0 and up.
        package let index: Int
        /// How many parts there are.
        package let count: Int

        /// How many of the numbers below `total` are the part's.
        package func count(of total: Int) -> Int { (total - index + count - 1) / count }
    }

    /// Lanes of all processes.
    package let laneCount: Int
    /// Processes, each with the same number of lanes in a row.
    package let processCount: Int
    /// Whether each process has a lane that only posts.
    package let hasPostingLanes: Bool

    /// A division; `laneCount` is a multiple of `processCount`, and with posting lanes at least twice it.
    package init(laneCount: Int, processCount: Int, hasPostingLanes: Bool) {
        precondition(processCount > 0 && laneCount > 0 && laneCount.isMultiple(of: processCount))
        precondition(!hasPostingLanes || laneCount >= 2 * processCount, "somebody has to receive")
        self.laneCount = laneCount
        self.processCount = processCount
        self.hasPostingLanes = hasPostingLanes
    }

    /// A lane's part of the streams; nil when it has none.
    package func streams(ofLane lane: Int) -> Share? {
        guard hasPostingLanes else { return Share(index: lane, count: laneCount) }
        let each = laneCount / processCount
        guard !lane.isMultiple(of: each) else { return nil }
        return Share(index: lane - lane / each - 1, count: laneCount - processCount)
    }

    /// A lane's part of the shops that are posted to; nil when it has none.
    package func shops(ofLane lane: Int) -> Share? {
        guard hasPostingLanes else { return Share(index: lane, count: laneCount) }
        let each = laneCount / processCount
        guard lane.isMultiple(of: each) else { return nil }
        return Share(index: lane / each, count: processCount)
    }
}
