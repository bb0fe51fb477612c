import Primitives
import Testing

@testable import LoadGenerator

@Suite struct ArrivalScheduleTests {
    private static let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    private func times(
        _ kind: ArrivalKind, perSecond: Double, seconds: Int, profile: RateProfile = .constant, phase: Double = 0,
        seed: UInt64 = 1
    ) -> [UInt64] {
        var schedule = ArrivalSchedule(
            start: Self.start, end: Self.start + .seconds(seconds), perSecond: perSecond, kind: kind,
            profile: profile, phase: phase, seed: seed)
        var times: [UInt64] = []
        while let due = schedule.takeDue(at: MonotonicInstant(nanoseconds: .max)) {
            times.append(due.nanoseconds - Self.start.nanoseconds)
        }
        return times
    }

    @Test func `fixed times are multiples of the interval from the start`() {
        #expect(times(.fixed, perSecond: 4, seconds: 2) == (0..<8).map { $0 * 250_000_000 })
        #expect(times(.fixed, perSecond: 4, seconds: 1, phase: 0.5) == (0..<4).map { 125_000_000 + $0 * 250_000_000 })
    }

    @Test func `fixed times do not drift at a rate that no number of nanoseconds divides`() {
        let found = times(.fixed, perSecond: 3_000, seconds: 100)
        #expect(found.count == 300_000)
        #expect(found.last == 99_999_666_666)
    }

    @Test func `a message that was not taken in time is still due at its own time`() {
        var schedule = ArrivalSchedule(
            start: Self.start, end: Self.start + .seconds(1), perSecond: 10, kind: .fixed)
        let late = Self.start + .milliseconds(250)
        #expect(schedule.takeDue(at: late) == Self.start)
        #expect(schedule.takeDue(at: late) == Self.start + .milliseconds(100))
        #expect(schedule.takeDue(at: late) == Self.start + .milliseconds(200))
        #expect(schedule.takeDue(at: late) == nil)
        #expect(schedule.next == Self.start + .milliseconds(300))
    }

    @Test func `nothing is due at a rate of zero or in an empty span`() {
        #expect(times(.fixed, perSecond: 0, seconds: 10).isEmpty)
        #expect(times(.poisson, perSecond: 0, seconds: 10).isEmpty)
        #expect(times(.fixed, perSecond: 10, seconds: 0).isEmpty)
    }

    @Test func `poisson times are the same for the same seed and have the spread of a Poisson process`() {
        let found = times(.poisson, perSecond: 1_000, seconds: 100, seed: 42)
        #expect(found == times(.poisson, perSecond: 1_000, seconds: 100, seed: 42))
        #expect(found != times(.poisson, perSecond: 1_000, seconds: 100, seed: 43))
        #expect(found == found.sorted())
        // Six standard deviations of a count of mean 100,000.
        #expect(abs(found.count - 100_000) < 1_900)
        let gaps = zip(found.dropFirst(), found).map { Double($0 - $1) }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        // An exponential distance has the coefficient of variation 1; a fixed one has 0.
        #expect(abs(variance.squareRoot() / mean - 1) < 0.05)
    }

    @Test(arguments: ArrivalKind.allCases)
    func `a day has the mean rate and is busier in the evening than at night`(kind: ArrivalKind) {
        let found = times(kind, perSecond: 1_000, seconds: 24, profile: .day, seed: 7)
        #expect(abs(found.count - 24_000) < 1_000)
        let hours = Dictionary(grouping: found) { $0 / 1_000_000_000 }.mapValues(\.count)
        #expect(hours[18, default: 0] > 20 * hours[2, default: 0])
    }

    @Test func `the factors of a day have the mean 1`() {
        let factors = (0..<2_400).map { RateProfile.day.factor(at: Double($0) / 2_400) }
        #expect(abs(factors.reduce(0, +) / 2_400 - 1) < 1e-9)
    }
}

@Suite struct RequestSourceTests {
    @Test func `lanes share out the shops and their messages`() {
        var scenario = Scenario(
            name: "test",
            groups: [
                ShopGroup(shopCount: 3, streamsPerShop: 1, messagesPerSecond: 30),
                ShopGroup(shopCount: 5, streamsPerShop: 1, messagesPerSecond: 50),
            ])
        scenario.warmUp = .zero
        scenario.steady = .seconds(1)
        let population = Population(groups: scenario.groups, streamsPerUser: 5)
        var counts: [UInt32: Int] = [:]
        for lane in 0..<4 {
            var source = RequestSource(
                scenario: scenario, population: population, lane: lane, laneCount: 4,
                start: .init(nanoseconds: 1_000), seed: 1)
            while let ticket = source.takeDue(at: .init(nanoseconds: .max)) {
                #expect(Int(ticket.shop) % 4 == lane)
                counts[ticket.shop, default: 0] += 1
            }
        }
        #expect(counts == Dictionary(uniqueKeysWithValues: (0..<8).map { (UInt32($0), 10) }))
    }
}
