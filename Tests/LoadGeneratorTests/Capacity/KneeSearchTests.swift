import Primitives
import Testing

@testable import LoadGenerator

@Suite struct KneeSearchTests {
    private let fifty = Objective(p99NanosecondsMax: 50_000_000)
    private let ten = Objective(p99NanosecondsMax: 10_000_000)

    /// Runs a search to its end; the knees, and how many runs it took.
    private func search(
        _ server: inout SyntheticServer, connectionCounts: [Int], limits: SearchLimits = SearchLimits()
    ) -> (knees: [Knee], runs: [Observation]) {
        var search = KneeSearch(connectionCounts: connectionCounts, objectives: [fifty, ten], limits: limits)
        var step = search.step()
        while case .measure(let point) = step {
            guard search.observations.count < 1000 else {
                Issue.record("the search does not end")
                return ([], search.observations)
            }
            step = search.measured(server.run(point))
        }
        guard case .done(let knees) = step else { return ([], []) }
        return (knees, search.observations)
    }

    @Test func `the first steps double the rate, then halve the gap`() {
        var server = SyntheticServer()
        var search = KneeSearch(connectionCounts: [1000], objectives: [fifty])
        var asked: [Double] = []
        var step = search.step()
        while case .measure(let point) = step, asked.count < 12 {
            asked.append(point.messagesPerSecond)
            step = search.measured(server.run(point))
        }
        #expect(asked.prefix(10) == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120])
        // The failure is run twice before it is believed.
        #expect(asked[10] == 10_240 || asked[10] == 5120)
    }

    @Test func `without noise knees are found to the precision`() throws {
        var server = SyntheticServer()
        let (knees, runs) = search(&server, connectionCounts: [1000, 10_000, 100_000])
        #expect(knees.count == 6)
        for knee in knees {
            let truth = server.knee(
                connectionCount: knee.connectionCount, p99: Double(knee.objective.p99NanosecondsMax))
            let found = try #require(knee.messagesPerSecond)
            #expect(found <= truth && truth <= found * 1.051)
            let failing = try #require(knee.failingMessagesPerSecond)
            #expect(failing >= truth)
        }
        #expect(runs.count < 150)
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `noise and spoilt runs do not change the knees`(seed: UInt64) throws {
        var server = SyntheticServer(noise: 0.05, spoiltRunInterval: 30, random: SeededGenerator(seed: seed))
        let (knees, runs) = search(&server, connectionCounts: [5000, 50_000])
        #expect(knees.count == 4)
        for knee in knees {
            let truth = server.knee(
                connectionCount: knee.connectionCount, p99: Double(knee.objective.p99NanosecondsMax))
            let found = try #require(knee.messagesPerSecond)
            #expect(found > truth * 0.85 && found < truth * 1.1, "seed \(seed)")
        }
        #expect(runs.count < 150)
    }

    @Test func `the limit is the resource that was full at the failed rate`() {
        var server = SyntheticServer()
        let (knees, _) = search(&server, connectionCounts: [1000])
        // At 10 ms an idle p99 of 2 ms leaves a fifth of the CPU free; at 50 ms it is full.
        #expect(knees.map(\.limit) == [.processor, .processor])
    }

    @Test func `a full generator is the limit whatever else is full`() {
        let point = LoadPoint(connectionCount: 1, messagesPerSecond: 1)
        let run = { (shares: [Resource: Double]) in
            Observation(point: point, p99Nanoseconds: 1, isReached: true, shares: shares, cost: nil)
        }
        #expect(Knee.limit(in: run([.processor: 0.99, .generator: 1])) == .generator)
        #expect(Knee.limit(in: run([.processor: 0.85, .database: 0.95, .generator: 0.9])) == .database)
        #expect(Knee.limit(in: run([.processor: 0.5, .memory: 0.79])) == nil)
    }

    @Test func `a rate that never fails gives a lower bound`() {
        var server = SyntheticServer()
        var limits = SearchLimits()
        limits.messagesPerSecondMax = 100
        let (knees, _) = search(&server, connectionCounts: [100], limits: limits)
        #expect(knees.map(\.messagesPerSecond) == [100, 100])
        #expect(knees.map(\.failingMessagesPerSecond) == [nil, nil])
    }

    @Test func `streams that the server cannot hold end the ladder`() {
        var server = SyntheticServer(perConnection: 1e-4)
        let (knees, runs) = search(&server, connectionCounts: [10_000, 30_000, 60_000, 90_000])
        #expect(knees.map(\.connectionCount) == [10_000, 10_000, 30_000, 30_000])
        #expect(knees.suffix(2).allSatisfy { $0.messagesPerSecond == nil && $0.failingMessagesPerSecond == 10 })
        #expect(!runs.contains { $0.point.connectionCount > 30_000 })
    }

    @Test func `an interrupted search continues from its observations`() {
        var server = SyntheticServer()
        let (knees, runs) = search(&server, connectionCounts: [1000, 2000])
        for known in [0, 7, runs.count / 2, runs.count] {
            var resumed = KneeSearch(
                connectionCounts: [1000, 2000], objectives: [fifty, ten], observations: Array(runs.prefix(known)))
            var step = resumed.step()
            while case .measure(let point) = step { step = resumed.measured(server.run(point)) }
            #expect(step == .done(knees))
            #expect(resumed.observations.count == runs.count)
        }
    }

    @Test func `known knees are reported before the search has ended`() {
        var server = SyntheticServer()
        let (knees, runs) = search(&server, connectionCounts: [1000, 2000])
        for known in runs.indices {
            let part = KneeSearch(
                connectionCounts: [1000, 2000], objectives: [fifty, ten], observations: Array(runs.prefix(known)))
            #expect(part.knees == Array(knees.prefix(part.knees.count)))
            if known == runs.count - 1 { #expect(part.knees.count == 3) }
        }
    }

    @Test func `shops of other sizes are run within the knees, and separate messages from deliveries`() throws {
        var server = SyntheticServer()
        let counts = [1000, 10_000, 50_000]
        let make = { (sizes: [Int], observations: [Observation]) in
            KneeSearch(
                connectionCounts: counts, objectives: [self.fifty, self.ten], membersPerShop: 25,
                calibrationMembersPerShop: sizes, observations: observations)
        }
        var search = make([5, 25, 50], [])
        var step = search.step()
        while case .measure(let point) = step { step = search.measured(server.run(point)) }
        guard case .done(let knees) = step else { return }
        let others = search.observations.filter { $0.point.membersPerShop != 25 }
        #expect(others.map(\.point.connectionCount) == counts.flatMap { [$0, $0] })
        #expect(others.map(\.point.membersPerShop) == counts.flatMap { _ in [5, 50] })
        #expect(others.allSatisfy { $0.meets(ten) })
        // The knees are those of a search without them.
        #expect(make([], search.observations).step() == .done(knees) && knees.count == 6)
        let model = try #require(CostModel(CostRow.rows(of: search.observations)))
        #expect(abs(model.processors.perMessage - 60e-6) < 1e-9 && abs(model.processors.perDelivery - 3e-6) < 1e-10)
    }

    @Test func `a point with shops of a given size has as many shops as its streams fill`() throws {
        let many = try #require(Scenario.named("many-shops"))
        #expect(many.streamsPerShop == 10 && Scenario.named("one-shop")?.streamsPerShop == nil)
        #expect(Scenario.named("hot-and-cold")?.streamsPerShop == nil)
        let scaled = try many.scaled(to: LoadPoint(connectionCount: 1000, messagesPerSecond: 50, membersPerShop: 30))
        #expect(scaled.groups == [ShopGroup(shopCount: 33, streamsPerShop: 30, messagesPerSecond: 50)])
        let small = try many.scaled(to: LoadPoint(connectionCount: 7, messagesPerSecond: 50, membersPerShop: 30))
        #expect(small.groups == [ShopGroup(shopCount: 1, streamsPerShop: 7, messagesPerSecond: 50)])
        let usual = try many.scaled(to: LoadPoint(connectionCount: 1000, messagesPerSecond: 50))
        #expect(usual.groups == [ShopGroup(shopCount: 100, streamsPerShop: 10, messagesPerSecond: 50)])
    }
}
