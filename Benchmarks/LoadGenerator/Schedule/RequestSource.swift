import Primitives

/// The requests of a lane and their intended times: the schedules of its share of each group of shops, in the order of
/// time.
package struct RequestSource: Sendable {
    private struct Stream: Sendable {
        var schedule: ArrivalSchedule
        let isList: Bool
        /// The lane's shops of the group: `first`, `first + stride`, …
        let firstShop: Int
        let shopCount: Int
        var nextShop = 0
    }

    private var streams: [Stream] = []
    private let stride: Int
    private let isRandom: Bool
    private var random: SeededGenerator
    /// The intended time of the next request; nil when there are no more.
    package private(set) var next: MonotonicInstant?

    /// The share of a lane: of every group, the shops whose number is the lane's modulo the lanes, and their share of
    /// the group's messages.
    package init(
        scenario: Scenario, population: Population, lane: Int, laneCount: Int, start: MonotonicInstant, seed: UInt64
    ) {
        stride = laneCount
        isRandom = scenario.arrival == .poisson
        random = SeededGenerator(seed: seed ^ 0x5851_f42d_4c95_7f2d)
        let end = start + scenario.warmUp + scenario.steady
        for group in scenario.groups.indices {
            let shops = population.shops(ofGroup: group)
            let first = shops.lowerBound + (lane - shops.lowerBound % laneCount + laneCount) % laneCount
            let count = first < shops.upperBound ? (shops.upperBound - first + laneCount - 1) / laneCount : 0
            guard count > 0 else { continue }
            let share = Double(count) / Double(shops.count)
            let lists = scenario.listsPerSecond / Double(scenario.groups.count)
            for (isList, rate) in [(false, scenario.groups[group].messagesPerSecond), (true, lists)] where rate > 0 {
                let schedule = ArrivalSchedule(
                    start: start, end: end, perSecond: rate * share, kind: scenario.arrival,
                    profile: scenario.profile, phase: Double(lane) / Double(laneCount), seed: random.next())
                streams.append(
                    Stream(schedule: schedule, isList: isList, firstShop: first, shopCount: count))
            }
        }
        next = streams.compactMap(\.schedule.next).min()
    }

    /// Takes the earliest request that is due. O(groups).
    mutating func takeDue(at now: MonotonicInstant) -> Ticket? {
        guard let due = next, due <= now else { return nil }
        guard let index = streams.indices.first(where: { streams[$0].schedule.next == due }) else { return nil }
        _ = streams[index].schedule.takeDue(at: now)
        let shop: Int
        if isRandom {
            shop = Int.random(in: 0..<streams[index].shopCount, using: &random)
        } else {
            shop = streams[index].nextShop
            streams[index].nextShop = (shop + 1) % streams[index].shopCount
        }
        next = streams.compactMap(\.schedule.next).min()
        return Ticket(
            kind: streams[index].isList ? .list : .create,
            shop: UInt32(streams[index].firstShop + shop * stride), intended: due)
    }
}
