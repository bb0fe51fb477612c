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

    @Test func `a page is balanced and needs nothing from elsewhere`() {
        let html = ReportPage(SampleReport(steadySeconds: 8).report()).html
        #expect(unbalanced(html) == [])
        for outside in [" src=", " href=", "url(", "@import", "<script", "<link"] { #expect(!html.contains(outside)) }
        #expect(html.contains("default-src 'none'"))
        #expect(html.contains("Target reached"))
    }

    @Test func `what comes from a report cannot become markup`() {
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

    @Test func `a report of nothing still makes a page`() {
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
}
