import Primitives
import Testing

@testable import LoadGenerator

/// A capacity run that might have been.
enum SampleCapacity {
    static func report(demand: Demand?) throws -> CapacityReport {
        var server = SyntheticServer(noise: 0.03, random: SeededGenerator(seed: 11))
        var search = KneeSearch(
            connectionCounts: [1000, 10_000, 50_000, 100_000],
            objectives: [Objective(p99NanosecondsMax: 50_000_000), Objective(p99NanosecondsMax: 10_000_000)])
        var step = search.step()
        while case .measure(let point) = step { step = search.measured(server.run(point)) }
        guard case .done(let knees) = step else { throw CancellationError() }
        return CapacityReport(
            observations: search.observations, knees: knees, demand: demand, setting: ["bytes": "500", "url": "here"],
            provenance: Provenance(SampleReport(steadySeconds: 2).report()))
    }

    static let demand = Demand(
        connectionCount: 4_000_000, messagesPerSecond: 5000, membersPerShop: 200, headroom: 0.3,
        node: .init(processorCount: 8, memoryByteCount: 16e9, networkBytesPerSecond: 1.25e9))
}

@Suite struct CapacityReportTests {
    @Test func `a capacity report is unchanged after encoding to JSON and decoding`() throws {
        let report = try SampleCapacity.report(demand: SampleCapacity.demand)
        #expect(report.model != nil && report.plan != nil)
        #expect(try CapacityReport(json: report.json()) == report)
        let bare = try SampleCapacity.report(demand: nil)
        #expect(bare.plan == nil)
        #expect(try CapacityReport(json: bare.json()) == bare)
    }

    @Test func `the text names knees, costs, the plan and extrapolated figures`() throws {
        let text = CapacityText(try SampleCapacity.report(demand: SampleCapacity.demand))
        for line in text.lines { #expect(line.count <= 100, "\(line)") }
        for part in [
            "Knees", "p99 ≤ 10.0 ms", "the server's CPU", "Costs", "Plan:", "extrapolated", "measured with one",
            "headers",
        ] {
            #expect(text.text.contains(part), "\(part)")
        }
    }

    @Test func `the share at the knee is the one that the bound allows`() throws {
        let report = try SampleCapacity.report(demand: nil)
        let share = { (bound: UInt64) in
            CapacityReport.processorShare(
                report.knees.filter { $0.objective.p99NanosecondsMax == bound }, report.observations)
        }
        // An idle p99 of 2 ms becomes 10 ms when 80 % are busy, and 50 ms at 96 %.
        #expect((0.7...0.82).contains(try #require(share(10_000_000))))
        #expect((0.88...0.97).contains(try #require(share(50_000_000))))
        #expect(share(1) == nil)
        // A plan keeps to the strictest.
        let planned = try SampleCapacity.report(demand: SampleCapacity.demand).plan
        #expect(try #require(planned).demand.processorShareMax == share(10_000_000))
    }

    @Test(arguments: [Resource.generator, .memory, .network, .database])
    func `a knee at which something else was full says nothing of the processors`(limit: Resource) throws {
        let report = try SampleCapacity.report(demand: nil)
        let others = report.knees.map { knee in
            Knee(
                connectionCount: knee.connectionCount, objective: knee.objective,
                messagesPerSecond: knee.messagesPerSecond, failingMessagesPerSecond: knee.failingMessagesPerSecond,
                limit: limit)
        }
        #expect(CapacityReport.processorShare(others, report.observations) == nil)
        let plan = CapacityReport(observations: report.observations, knees: others, demand: SampleCapacity.demand).plan
        #expect(try #require(plan).extrapolations.contains { $0.contains("no knee was found") })
    }

    @Test func `a demand that cannot be planned for is answered with the reason`() throws {
        let full = try SampleCapacity.report(demand: nil)
        let few = CapacityReport(
            observations: Array(full.observations.prefix(4)), knees: [], demand: SampleCapacity.demand)
        #expect(few.plan == nil && few.refusal?.contains("at 4 load points") == true)
        let one = CapacityReport(
            observations: full.observations.filter { $0.point.connectionCount == 1000 }, knees: [],
            demand: SampleCapacity.demand)
        #expect(one.plan == nil && one.refusal?.contains("as many streams") == true)
        var demand = SampleCapacity.demand
        demand.node.memoryByteCount = 1e6
        let small = CapacityReport(observations: full.observations, knees: full.knees, demand: demand)
        #expect(small.plan == nil && small.refusal?.contains("memory is full") == true)
        for report in [few, one, small] {
            #expect(CapacityText(report).text.contains("no plan"))
            #expect(PageSection(report).html.contains("<strong>No plan</strong>"))
        }
    }

    @Test func `a file that is not a capacity report is refused`() throws {
        #expect(throws: CapacityReport.ReadError.self) { try CapacityReport(json: Array("{}".utf8)) }
        let run = try ReportFile(SampleReport(steadySeconds: 2).report()).json()
        #expect(throws: CapacityReport.ReadError.self) { try CapacityReport(json: run) }
        let old = Array(#"{"schemaVersion": 1, "observations": [], "knees": []}"#.utf8)
        #expect(throws: CapacityReport.ReadError.schema(1)) { try CapacityReport(json: old) }
    }

    @Test func `runs of another setting are recognised`() throws {
        let report = try SampleCapacity.report(demand: nil)
        #expect(report.differences(from: ["url": "here", "bytes": "500"]) == [])
        #expect(report.differences(from: ["url": "there", "bytes": "500", "writers": "2"]) == ["url", "writers"])
        let scenario = try #require(Scenario.named("many-shops"))
        var other = scenario
        other.textByteCount = 200
        #expect(scenario.setting["bytes"] != other.setting["bytes"])
        #expect(try scenario.setting != #require(Scenario.named("wide")).setting)
    }

    @Test func `resources that were not measured are named beside the knees`() throws {
        let text = CapacityText(try SampleCapacity.report(demand: nil)).text.split(separator: "\n").joined(
            separator: " ")
        #expect(text.contains("Watched: the server's CPU, the load generator."))
        #expect(text.contains("Not measured: memory, the network, the database."))
    }

    @Test func `a page shows the section with both plots`() throws {
        let section = PageSection(try SampleCapacity.report(demand: SampleCapacity.demand))
        let html = ReportPage(title: "Capacity of <one>", sections: [section]).html
        #expect(html.contains("Capacity of &lt;one&gt;"))
        #expect(html.contains("Latency under load") && html.contains("AMD EPYC 7B13"))
        #expect(html.contains("<strong>Extrapolated</strong>"))
        #expect(html.split(separator: "<figure").count == 3)
    }
}
