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
        return try CapacityReport(
            observations: search.observations, knees: knees, demand: demand,
            provenance: Provenance(SampleReport(steadySeconds: 2).report()))
    }

    static let demand = Demand(
        connectionCount: 4_000_000, messagesPerSecond: 5000, membersPerShop: 200, headroom: 0.3,
        node: .init(processorCount: 8, memoryByteCount: 16e9, networkBytesPerSecond: 1.25e9))
}

@Suite struct CapacityReportTests {
    @Test func `a capacity report survives the way to JSON and back`() throws {
        let report = try SampleCapacity.report(demand: SampleCapacity.demand)
        #expect(report.model != nil && report.plan != nil)
        #expect(try CapacityReport(json: report.json()) == report)
        let bare = try SampleCapacity.report(demand: nil)
        #expect(bare.plan == nil)
        #expect(try CapacityReport(json: bare.json()) == bare)
    }

    @Test func `the text names knees, costs, the plan and what is extrapolated`() throws {
        let text = CapacityText(try SampleCapacity.report(demand: SampleCapacity.demand))
        for line in text.lines { #expect(line.count <= 100, "\(line)") }
        for part in [
            "Knees", "p99 ≤ 10.0 ms", "the server's CPU", "Costs", "Plan:", "extrapolated", "measured with one",
        ] {
            #expect(text.text.contains(part), "\(part)")
        }
    }

    @Test func `the share at the knee is what the bound leaves`() throws {
        let report = try SampleCapacity.report(demand: nil)
        // An idle p99 of 2 ms becomes 10 ms when 80 % are busy, and 50 ms at 96 %.
        let ten = try #require(report.processorShare(keeping: Objective(p99NanosecondsMax: 10_000_000)))
        let fifty = try #require(report.processorShare(keeping: Objective(p99NanosecondsMax: 50_000_000)))
        #expect((0.7...0.82).contains(ten))
        #expect((0.88...0.97).contains(fifty))
        #expect(report.processorShare(keeping: Objective(p99NanosecondsMax: 1)) == nil)
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
