/// Which lanes of a run have streams and which post.
///
/// A lane that only posts keeps its send times, however many deliveries the others read. Each process therefore has one
/// such lane, its first, unless `hasPostingLanes` is false.
package struct LaneDivision: Hashable, Sendable {
    /// A lane's share of a sequence that is dealt out round-robin, `together` consecutive numbers at a time.
    package struct Share: Hashable, Sendable {
        /// The share's number, from 0.
        package let index: Int
        /// The number of shares.
        package let count: Int
        /// How many consecutive numbers are dealt out at a time; at least 1.
        package var together = 1

        /// How many of the numbers below `total` belong to the share.
        package func count(of total: Int) -> Int {
            let (rounds, rest) = total.quotientAndRemainder(dividingBy: count * together)
            return rounds * together + min(max(rest - index * together, 0), together)
        }

        /// The number of the share's member `member`, from 0 and in rising order.
        package func number(of member: Int) -> Int {
            let (round, place) = member.quotientAndRemainder(dividingBy: together)
            return (round * count + index) * together + place
        }
    }

    /// The number of lanes of all processes.
    package let laneCount: Int
    /// The number of processes, each with the same number of consecutive lanes.
    package let processCount: Int
    /// Whether each process has a lane that only posts.
    package let hasPostingLanes: Bool

    /// How many streams with consecutive numbers have the same lane. With as many as a shop has, a message wakes one
    /// lane; with one, it wakes all.
    package let streamsTogether: Int

    /// Creates a division; `laneCount` is a multiple of `processCount`, and with posting lanes at least twice as large.
    package init(laneCount: Int, processCount: Int, hasPostingLanes: Bool, streamsTogether: Int = 1) {
        precondition(streamsTogether > 0)
        precondition(processCount > 0 && laneCount > 0 && laneCount.isMultiple(of: processCount))
        precondition(!hasPostingLanes || laneCount >= 2 * processCount, "at least one lane per process receives")
        self.laneCount = laneCount
        self.processCount = processCount
        self.hasPostingLanes = hasPostingLanes
        self.streamsTogether = streamsTogether
    }

    /// A lane's share of the streams; nil when it has none.
    package func streams(ofLane lane: Int) -> Share? {
        guard hasPostingLanes else { return Share(index: lane, count: laneCount, together: streamsTogether) }
        let each = laneCount / processCount
        guard !lane.isMultiple(of: each) else { return nil }
        return Share(
            index: lane - lane / each - 1, count: laneCount - processCount, together: streamsTogether)
    }

    /// A lane's share of the shops that receive posts; nil when it has none.
    package func shops(ofLane lane: Int) -> Share? {
        guard hasPostingLanes else { return Share(index: lane, count: laneCount) }
        let each = laneCount / processCount
        guard lane.isMultiple(of: each) else { return nil }
        return Share(index: lane / each, count: processCount)
    }
}
