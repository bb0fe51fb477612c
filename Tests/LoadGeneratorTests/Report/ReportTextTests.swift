import Testing

@testable import LoadGenerator

@Suite struct ReportTextTests {
    @Test func `a report fits a terminal of 80 columns`() {
        var report = SampleReport(steadySeconds: 8).report()
        report.counters.statuses = [201: 123_456_789, 429: 12, 503: 7]
        report.counters.disconnectsByError = ["ECONNRESET": 3]
        let text = ReportText(report)
        for line in text.lines { #expect(line.count <= 80, "\(line)") }
        #expect(text.lines.first == "fanout: 5,000 streams in 50 shops, 200 messages/s of 500 B")
        #expect(text.text.contains("p99.99"))
        #expect(text.text.contains("status 503 7"))
        #expect(text.text.contains("ECONNRESET 3"))
        #expect(text.text.contains("user 354 B a stream"))
        #expect(text.text.contains("kernel 4.74 KiB a stream (both ends)"))
    }

    @Test func `empty distributions have no row`() {
        var report = SampleReport(steadySeconds: 4, watchesServer: false).report()
        report.latencies = Latencies()
        let text = ReportText(report).text
        #expect(!text.contains("last recipient"))
        #expect(text.contains("not watched"))
    }

    @Test func `reconnects have rows when a stream was to come back`() {
        var report = SampleReport(steadySeconds: 4).report()
        #expect(!ReportText(report).text.contains("reconnects"))
        report.counters.reconnects = 1_200
        report.counters.notBack = 3
        report.counters.caughtUp = 70
        report.seconds[1].reconnects = 450
        report.seconds[2].reconnects = 750
        let text = ReportText(report)
        for line in text.lines { #expect(line.count <= 80, "\(line)") }
        for part in ["begun 1,200", "most in a second 750", "did not come back 3", "caught up 70"] {
            #expect(text.text.contains(part))
            #expect(ReportPage(report).html.contains(part.split(separator: " ").dropLast().joined(separator: " ")))
        }
    }

    @Test func `seconds and counts of two processes add up`() throws {
        var one = SampleReport(steadySeconds: 2).report()
        one.counters.reconnects = 5
        one.counters.caughtUp = 7
        one.seconds[1].reconnects = 5
        var other = SampleReport(steadySeconds: 2).report()
        other.counters.reconnects = 6
        other.counters.notBack = 1
        other.seconds[1].reconnects = 6
        let merged = try RunReport.merge([one, other])
        #expect(merged.counters.reconnects == 11 && merged.counters.caughtUp == 7 && merged.counters.notBack == 1)
        #expect(KeyFigures(merged).reconnectsPerSecondMax == 11)
    }

    @Test func `text is broken at spaces only`() {
        #expect(TextColumns.wrap("aa bb cccccc d", width: 5) == ["aa bb", "cccccc", "d"])
        #expect(TextColumns.wrap("", width: 5) == [])
        #expect(
            TextColumns.row("x", ["1", "22"]) == "x" + String(repeating: " ", count: 46) + "1"
                + String(repeating: " ", count: 30) + "22")
    }
}
