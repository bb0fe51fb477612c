import Testing

@testable import LoadGenerator

@Suite struct ReportPageTests {
    private static let voidElements: Set = ["meta", "!doctype"]

    /// The names of elements that a page leaves open, or closes without having opened them; empty when it is sound.
    private func unbalanced(_ html: String) -> [String] {
        var open: [String] = []
        for piece in html.split(separator: "<").dropFirst() {
            let tag = piece.prefix { $0 != ">" }
            let name = String(tag.prefix { $0 != " " && $0 != "/" && $0 != "\n" }).lowercased()
            if tag.hasPrefix("/") {
                let closed = String(tag.dropFirst())
                if open.last == closed { open.removeLast() } else { return open + ["/\(closed)"] }
            } else if !tag.hasSuffix("/"), !Self.voidElements.contains(name) {
                open.append(name)
            }
        }
        return open
    }

    @Test func `a page is well-formed and self-contained`() {
        let html = ReportPage(SampleReport(steadySeconds: 8).report()).html
        #expect(unbalanced(html) == [])
        for outside in [" src=", " href=", "url(", "@import", "<script", "<link"] { #expect(!html.contains(outside)) }
        #expect(html.contains("default-src 'none'"))
        #expect(html.contains("Target reached"))
    }

    @Test func `the verdict, the machine and the command come before all figures`() throws {
        let html = ReportPage(SampleReport(steadySeconds: 8).report()).html
        let places = try [
            "class=\"card verdict", "Linux ", "RLIMIT_NOFILE = 20,000", "<pre>", "class=\"tiles\"", "<figure",
            "How it was set",
        ].map { try #require(html.firstRange(of: $0)?.lowerBound, "\($0)") }
        #expect(places == places.sorted())
        #expect(html.contains("shopload 1.0.0, commit a986697"))
    }

    @Test func `a delivery's CPU is that of each interval over the deliveries in it`() throws {
        var report = SampleReport(steadySeconds: 4).report()
        report.seconds = [100, 200, 0, 400, 5].enumerated().map { index, delivered in
            var second = SecondSample(second: index)
            second.delivered = delivered
            return second
        }
        report.server?.samples = (0...5).map { second in
            .init(
                seconds: Double(second), userSeconds: Double(second) * 0.01, systemSeconds: Double(second) * 0.01,
                residentByteCount: 0, threadCount: 1)
        }
        let plot = ReportPlots(report).deliveryCost
        // 20 ms a second over 100, 200 and 400 deliveries; no deliveries and a twentieth of the maximum give no point.
        #expect(plot.lines[0].points.map { $0.y.map { Int($0.rounded()) } } == [200_000, 100_000, nil, 50_000, nil])
        #expect(plot.lines[0].points.map(\.x) == [0.5, 1.5, 2.5, 3.5, 4.5])
    }

    @Test func `the text of a report cannot become markup`() {
        let attack = "\"'><script>alert(1)</script>&\u{1}"
        var report = SampleReport(steadySeconds: 3).report()
        report.command = attack
        report.commit = attack
        report.target = attack
        report.startedAt = attack
        report.scenario.name = attack
        report.scenario.parameters = [attack: attack]
        report.environment.kernel = attack
        report.environment.processorModel = attack
        report.environment.pinning = attack
        report.environment.kernelSettings = [attack: attack]
        report.counters.disconnectsByError = [attack: 1]
        let html = ReportPage(report).html
        #expect(!html.contains("<script"))
        #expect(!html.contains("\u{1}"))
        #expect(unbalanced(html) == [])
        #expect(html.contains("&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;\u{fffd}"))
    }

    @Test func `an empty report still makes a page`() {
        var report = SampleReport(steadySeconds: 1, watchesServer: false).report()
        report.seconds = []
        report.latencies = Latencies()
        report.generator = GeneratorFigures()
        report.counters = Counters()
        let html = ReportPage(report).html
        #expect(unbalanced(html) == [])
        #expect(html.contains("Unclear"))
        #expect(!html.contains("<figure"))
        #expect(!html.contains("nan") && !html.contains("inf "))
    }

    @Test func `a long run is drawn with a bounded number of points`() throws {
        let report = SampleReport(shopCount: 5000, messagesPerSecond: 10, steadySeconds: 400).report()
        let plot = try #require(ReportPlots(report).all.first { $0.title == "Messages a second" })
        for line in plot.lines {
            #expect((80...160).contains(line.points.count))
            // Averages of several seconds are still rates of one second.
            #expect(line.points.dropFirst(5).dropLast(5).allSatisfy { (1...19).contains($0.y ?? 0) })
        }
    }

    @Test func `a gap interrupts a line and a lone point is a dot`() {
        let points: [Plot.Point] = [.init(x: 0, y: 1), .init(x: 1, y: 2), .init(x: 2, y: nil), .init(x: 3, y: 3)]
        let plot = Plot(
            title: "t", note: "n", horizontal: { .time(end: 4, tickCount: $0) },
            vertical: .linear(maximum: 4) { NumberText.trimmed($0) },
            lines: [.init(name: "l", style: .main, points: points)])
        let svg = plot.svg(.wide)
        #expect(svg.contains("<circle"))
        #expect(
            svg.split(separator: "class=\"line main\" d=\"").last?.prefix { $0 != "\"" }.filter { $0 == "M" }.count == 2
        )
    }

    @Test func `an interval beyond the drawing's ends has an arrow there`() throws {
        let arrows = { (cores: [Double]) in
            let runs = { (cores: [Double]) in
                cores.map {
                    SampleReport(connectionCount: 500, shopCount: 5, steadySeconds: 4, serverCores: $0).report()
                }
            }
            let comparison = try Comparison(nameA: "a", nameB: "b", a: runs([0.5, 0.5, 0.5]), b: runs(cores))
            let html = PageSection(comparison).html
            return [html.contains("d=\"M0 9l"), html.contains("d=\"M140 9l")]
        }
        #expect(try arrows([0.55, 0.6, 0.55]) == [false, false])
        #expect(try arrows([0.1, 0.1, 0.11]) == [true, false])
        #expect(try arrows([1.5, 1.5, 1.6]) == [false, true])
        #expect(try arrows([0.1, 0.6, 4]) == [true, true])
    }
}
