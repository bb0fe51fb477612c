import Primitives
import Testing

@testable import LoadGenerator

@Suite struct ComparisonTests {
    /// About normal: the sum of twelve uniform numbers, with a standard deviation of 1.
    private func normal(_ random: inout SeededGenerator) -> Double {
        (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
    }

    /// Rounds of both variants with `noise` (a standard deviation) for each run; `drift` slows every further run.
    private func rounds(
        _ roundCount: Int, factor: Double, noise: Double, drift: Double = 0, seed: UInt64
    ) -> Comparison.Measure {
        var random = SeededGenerator(seed: seed)
        var measure = Comparison.Measure(name: "delivery p99", unit: .nanoseconds, a: [], b: [])
        for (index, way) in RoundOrder.runs(roundCount: roundCount).enumerated() {
            let value = 1e6 * (1 + drift * Double(index)) * (1 + noise * normal(&random))
            switch way {
            case .a: measure.a.append(value)
            case .b: measure.b.append(value * factor)
            }
        }
        return measure
    }

    private func differences(among seeds: ClosedRange<UInt64>, _ make: (UInt64) -> Comparison.Measure) -> Int {
        seeds.count { make($0).ratio?.isDifferent == true }
    }

    @Test(arguments: [3, 5, 7, 10, 30]) func `equal variants are noise in 95 percent of seeds`(roundCount: Int) {
        let wrong = differences(among: 1...1000) { rounds(roundCount, factor: 1, noise: 0.03, seed: $0) }
        #expect(wrong <= 50, "\(wrong) of 1000 seeds")
    }

    @Test(arguments: [1.1, 1 / 1.1]) func `a difference of 10 percent is found in 3 percent of noise`(factor: Double) {
        for (roundCount, foundMin) in [(5, 800), (7, 980), (10, 998)] {
            let found = differences(among: 1...1000) { rounds(roundCount, factor: factor, noise: 0.03, seed: $0) }
            #expect(found >= foundMin, "\(found) of 1000 seeds with \(roundCount) rounds")
        }
    }

    @Test func `a machine that slows down with each run favours neither`() {
        let wrong = differences(among: 1...500) { rounds(8, factor: 1, noise: 0.01, drift: 0.02, seed: $0) }
        #expect(wrong <= 25, "\(wrong) of 500 seeds")
        #expect(RoundOrder.runs(roundCount: 3) == [.a, .b, .b, .a, .a, .b])
    }

    @Test func `an outlying round makes noise, not a wrong answer`() throws {
        var measure = rounds(7, factor: 1, noise: 0.01, seed: 3)
        measure.b[4] *= 5
        #expect(try #require(measure.ratio).isDifferent == false)
    }

    @Test func `the ratio lies within its interval and is the geometric mean`() throws {
        let ratio = try #require(PairedRatio(a: [1, 2, 4], b: [2, 4, 8]))
        #expect(abs(ratio.ratio - 2) < 1e-12 && abs(ratio.low - 2) < 1e-12 && abs(ratio.high - 2) < 1e-12)
        let mixed = try #require(PairedRatio(a: [1, 1, 1], b: [1, 2, 4]))
        #expect(abs(mixed.ratio - 2) < 1e-12)
        #expect(mixed.low < 1 && mixed.high > 4 && !mixed.isDifferent)
        #expect(PairedRatio(a: [1, 1], b: [1, 1]) == nil)
        #expect(PairedRatio(a: [1, 0, 1], b: [1, 1, 1]) == nil)
    }

    @Test(arguments: [
        (Comparison.Unit.nanoseconds, 0.8, "new is faster by 20.0 %"), (.nanoseconds, 1.25, "old is faster by 20.0 %"),
        (.bytes, 0.5, "new takes less, by 50.0 %"), (.perSecond, 1.5, "new does more, by 50.0 %"),
        (.perSecond, 0.5, "old does more, by 100 %"), (.microseconds, 2, "old takes less, by 50.0 %"),
    ]) func `the verdict names the better variant and its lead`(unit: Comparison.Unit, factor: Double, text: String) {
        let measure = Comparison.Measure(
            name: "m", unit: unit, a: [10, 11, 12], b: [10 * factor, 11 * factor, 12 * factor])
        let comparison = Comparison(nameA: "old", nameB: "new", measures: [measure])
        #expect(comparison.verdict(measure).hasPrefix(text), "\(comparison.verdict(measure))")
    }

    @Test func `noise is called noise`() {
        let measure = rounds(5, factor: 1.001, noise: 0.03, seed: 1)
        let comparison = Comparison(nameA: "old", nameB: "new", measures: [measure])
        #expect(comparison.verdict(measure).hasPrefix("the difference is noise (−"))
        let same = Comparison.Measure(name: "m", unit: .bytes, a: [354, 354, 354], b: [354, 354, 354])
        #expect(comparison.verdict(same) == "there is no difference")
        let few = rounds(2, factor: 2, noise: 0.01, seed: 1)
        #expect(comparison.verdict(few) == "too few rounds to tell")
    }

    @Test func `reports are compared by the figures that all of them have`() throws {
        let reports = { (cores: Double, watches: Bool) in
            (1...3).map {
                SampleReport(
                    connectionCount: 500, shopCount: 5, steadySeconds: 4, seed: $0, serverCores: cores,
                    watchesServer: watches
                ).report()
            }
        }
        let comparison = try Comparison(nameA: "epoll", nameB: "io_uring", a: reports(1.2, true), b: reports(0.8, true))
        let cost = try #require(comparison.measures.first { $0.name == "CPU a delivery" })
        #expect(comparison.verdict(cost).hasPrefix("io_uring takes less, by 33.3 %"))
        let blind = try Comparison(nameA: "a", nameB: "b", a: reports(1, true), b: reports(1, false))
        #expect(!blind.measures.contains { $0.name == "CPU a delivery" })
        #expect(blind.measures.contains { $0.name == "delivery p99" })
        #expect(try Comparison(json: comparison.json()) == comparison)
        let text = ComparisonText(comparison)
        for line in text.lines { #expect(line.count <= 80, "\(line)") }
        #expect(text.text.contains("io_uring takes less"))
        #expect(text.text.contains("shopload run fanout --connections 500"))
        #expect(ReportPage(title: "c", sections: [PageSection(comparison)]).html.contains("io_uring takes less"))
    }

    @Test func `a round whose generator was the limit is in doubt`() throws {
        let fine = SampleReport(steadySeconds: 3).report()
        let full = SampleReport(steadySeconds: 3, generatorBusyShare: 0.95).report()
        let comparison = try Comparison(nameA: "old", nameB: "new", a: [fine, full, fine], b: [fine, fine, fine])
        #expect(comparison.warnings == ["old, round 2: the generator was the limit"])
    }

    @Test func `a doubt about several rounds is reported once`() throws {
        let fine = SampleReport(steadySeconds: 3).report()
        let full = SampleReport(steadySeconds: 3, generatorBusyShare: 0.95).report()
        let comparison = try Comparison(nameA: "old", nameB: "new", a: [full, fine, full], b: [full, full, full])
        #expect(
            comparison.warnings == [
                "old, rounds 1, 3: the generator was the limit", "new, every round: the generator was the limit",
            ])
    }

    @Test func `doubt about a variant with violations is reported before its figures`() throws {
        let faults: [(add: (inout Counters) -> Void, text: String)] = [
            ({ $0.lost = 7 }, "7 lost"), ({ $0.duplicated = 7 }, "7 duplicated"),
            ({ $0.statuses[503] = 7 }, "7 refused"),
            ({ $0.disconnectsByCloseCode[1008] = 7 }, "7 streams ended early"),
        ]
        let fine = SampleReport(steadySeconds: 3).report()
        for (add, text) in faults {
            var broken = SampleReport(steadySeconds: 3, medianLatency: 450_000).report()
            add(&broken.counters)
            let comparison = try Comparison(
                nameA: "old", nameB: "new", a: [fine, fine, fine], b: [fine, fine, broken])
            #expect(comparison.warnings == ["new, round 3: \(text)"])
            let lines = ComparisonText(comparison).lines
            let warning = try #require(lines.firstIndex { $0.hasPrefix("warning: new, round 3: \(text)") })
            let figure = try #require(lines.firstIndex { $0.hasPrefix("delivery p50") })
            #expect(warning < figure)
            #expect(PageSection(comparison).html.contains(text))
        }
    }

    @Test func `a variant that did not reach its load is in doubt`() throws {
        let fine = SampleReport(steadySeconds: 3).report()
        let short = SampleReport(steadySeconds: 3, answeredShare: 0.9).report()
        let comparison = try Comparison(nameA: "old", nameB: "new", a: [fine], b: [short])
        #expect(comparison.warnings == ["new, round 1: not all of the load was reached"])
    }

    @Test func `runs under different loads are not compared`() throws {
        let report = { (connections: Int, rate: Double, seconds: Int) in
            SampleReport(connectionCount: connections, messagesPerSecond: rate, steadySeconds: seconds).report()
        }
        let compare = { (other: RunReport) throws in
            _ = try Comparison(nameA: "a", nameB: "b", a: [report(5000, 200, 3)], b: [other])
        }
        try compare(report(5000, 200, 3))
        #expect(throws: Comparison.ReportError.differentLoads(["connections", "streams"])) {
            try compare(report(4000, 200, 3))
        }
        #expect(throws: Comparison.ReportError.differentLoads(["rate"])) { try compare(report(5000, 100, 3)) }
        #expect(throws: Comparison.ReportError.differentLoads(["duration"])) { try compare(report(5000, 200, 4)) }
        var other = report(5000, 200, 3)
        other.scenario.parameters["subprotocol"] = "shopstream.v2"
        other.scenario.parameters["tls"] = "verified"
        try compare(other)
    }

    @Test func `a variant that opens no stream is refused`() {
        let fine = SampleReport(steadySeconds: 3).report()
        var closed = fine
        closed.counters.connectsSucceeded = 0
        #expect(throws: Comparison.ReportError.noStreams(name: "new", round: 2)) {
            try Comparison(nameA: "old", nameB: "new", a: [fine, fine], b: [fine, closed])
        }
    }

    @Test func `the report says how often chance shows a difference`() throws {
        let measures = (1...9).map { rounds(5, factor: 1, noise: 0.01, seed: $0) }
        let comparison = Comparison(nameA: "old", nameB: "new", measures: measures)
        #expect(try #require(comparison.caution).contains("With 9 figures"))
        #expect(try #require(comparison.caution).contains("up to 16.6 %"))
        #expect(Comparison(nameA: "old", nameB: "new", measures: Array(measures.prefix(1))).caution == nil)
    }

    @Test func `commits are named with their sides`() throws {
        var (left, right) = (SampleReport(steadySeconds: 3).report(), SampleReport(steadySeconds: 3).report())
        (left.commit, right.commit) = ("abc1234", "def5678")
        let comparison = try Comparison(nameA: "old", nameB: "new", a: [left], b: [right])
        #expect(ComparisonText(comparison).text.contains("A: old (commit abc1234); B: new (commit def5678)"))
        #expect(PageSection(comparison).html.contains("new (commit def5678)"))
    }
}
