import Primitives
import Reactor
import Testing

@testable import LoadGenerator

@Suite struct ReactorFiguresTests {
    @Test func `reactors on one processor are as busy as it is, and their time counts once`() throws {
        let scenario = try #require(Scenario.named("many-shops"))
        let plan = RunPlan(
            scenario: scenario, population: Population(groups: scenario.groups, streamsPerUser: 5), run: 1,
            target: SocketAddress(PeerAddress(ipv4: 0x7f00_0001), port: 80), authority: "127.0.0.1", tokens: .none,
            division: LaneDivision(laneCount: 3, processCount: 1, hasPostingLanes: true))
        let lanes = [0.5, 0.3, 0.4].enumerated().map { index, share in
            var lane = LaneMeasurements(lane: index, groupCount: 0, beganAt: .init(nanoseconds: 1))
            lane.busySeconds = share * 2
            lane.wallSeconds = 2
            return lane
        }
        let report = { (processors: [Int]) in
            RunReport(
                plan: plan, phases: .init(connectSeconds: 1, warmUpSeconds: 1, steadySeconds: 2, drainSeconds: 1),
                lanes: lanes, process: 0, processors: processors,
                origin: RunOrigin(
                    commit: "", startedAt: "", command: "", target: "", pinning: nil, loadAverageBefore: 0))
        }
        let shared = report([4, 5]).generator
        #expect(shared.reactors.map(\.busyShare) == [0.9, 0.3, 0.9])
        #expect(abs(shared.busySeconds - 2.4) < 1e-9)
        #expect(report([]).generator.reactors.map(\.busyShare) == [0.5, 0.3, 0.4])
    }
}
