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

    @Test func `text is broken at spaces only`() {
        #expect(TextColumns.wrap("aa bb cccccc d", width: 5) == ["aa bb", "cccccc", "d"])
        #expect(TextColumns.wrap("", width: 5) == [])
        #expect(
            TextColumns.row("x", ["1", "22"]) == "x" + String(repeating: " ", count: 46) + "1"
                + String(repeating: " ", count: 30) + "22")
    }
}
