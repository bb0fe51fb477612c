import Primitives
import Reactor
import Testing

@testable import LoadGenerator

@Suite struct RunPlanTests {
    private func plan(_ name: String, _ change: (inout Scenario) -> Void = { _ in }) throws -> RunPlan {
        var scenario = try #require(Scenario.named(name))
        change(&scenario)
        return RunPlan(
            scenario: scenario, population: Population(groups: scenario.groups, streamsPerUser: 5), run: 1,
            target: SocketAddress(PeerAddress(ipv4: 0x7f00_0001), port: 80), authority: "127.0.0.1", tokens: .none,
            division: LaneDivision(laneCount: 3, processCount: 1, hasPostingLanes: true))
    }

    @Test(arguments: [0, 0.1, 0.25, 0.29, 0.7, 1]) func `slow streams are as many as asked for, and in every shop`(
        share: Double
    ) throws {
        let plan = try plan("slow") {
            $0.groups = [ShopGroup(shopCount: 10, streamsPerShop: 100, messagesPerSecond: 1)]
            $0.slowShare = share
        }
        let slow = (0..<1_000).filter(plan.isSlow)
        #expect(slow.count == Int((1_000 * share).rounded()))
        for shop in 0..<10 {
            let streams = plan.population.streams(ofShop: shop)
            #expect(plan.readingStreamCount(ofShop: shop) == streams.count - slow.count(where: streams.contains))
            #expect(plan.readingStreamCount(ofShop: shop) == 100 - Int((100 * share).rounded()))
        }
    }

    @Test func `a lane has no more posting connections than writers, and none without requests`() throws {
        var plan = try plan("many-shops")
        #expect((0..<3).map { plan.posterCount(ofLane: $0) } == [64, 0, 0])
        plan.postersPerLane = 200
        #expect(plan.posterCount == 100)
        plan.writersPerShop = 2
        #expect(plan.posterCount == 200)
        #expect(try self.plan("one-shop").posterCount == 1)
        #expect(try self.plan("idle").posterCount == 0)
        #expect(try self.plan("rest").posterCount == 64)
        // The lanes with streams ask for what these missed.
        let catchUp = try self.plan("catch-up")
        #expect((0..<3).map { catchUp.posterCount(ofLane: $0) } == [64, 64, 64])
    }

    @Test func `groups of shops are reported separately when there are several`() throws {
        #expect(try plan("many-shops").measuredGroupCount == 0)
        #expect(try plan("hot-and-cold").measuredGroupCount == 2)
        let many = try plan("many-shops") { $0.groups = Array(repeating: $0.groups[0], count: 17) }
        #expect(many.measuredGroupCount == 0)
    }
}
