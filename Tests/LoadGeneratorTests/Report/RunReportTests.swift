import Testing

@testable import LoadGenerator

@Suite struct RunReportTests {
    /// The report of a run whose seconds and counts `share` splits into those of two processes.
    private func split(_ report: RunReport) -> (RunReport, RunReport) {
        var parts = (report, report)
        parts.0.seconds = report.seconds.filter { $0.second < 8 }
        parts.1.seconds = report.seconds.filter { $0.second >= 8 }
        parts.0.latencies.delivery = LatencyDistribution()
        parts.1.latencies = Latencies(
            delivery: report.latencies.delivery, deliveryByGroup: report.latencies.deliveryByGroup)
        parts.0.latencies.deliveryByGroup = []
        parts.0.counters = Counters()
        parts.1.generator.reactors = []
        parts.0.generator.processCount = 0
        parts.0.generator.lateness = LatencyDistribution()
        parts.0.generator.receiveDelay = LatencyDistribution()
        parts.0.generator.allPostersBusyCount = 0
        parts.1.server = nil
        return parts
    }

    @Test func `the parts of a run add up to the run, in either order`() throws {
        var sample = SampleReport()
        sample.steadySeconds = 6
        var report = sample.report()
        report.latencies.deliveryByGroup = [report.latencies.post, report.latencies.connect]
        report.counters.upgradeStatuses = [429: 3]
        report.counters.connectErrors = ["ECONNREFUSED": 2]
        report.counters.requestErrors = ["ECONNRESET": 1]
        report.counters.unmarkedFrames = 7
        report.generator.allPostersBusyCount = 9
        report.seconds[3].awayConnections = 5
        let parts = split(report)
        #expect(try RunReport.merge([parts.0, parts.1]) == report)
        #expect(try RunReport.merge([parts.1, parts.0]) == report)
        #expect(try RunReport.merge([report]) == report)
    }

    @Test func `the same seconds of two processes are added`() throws {
        var sample = SampleReport()
        sample.steadySeconds = 4
        let one = sample.report()
        sample.seed = 2
        sample.process = 1
        let two = sample.report()
        let merged = try RunReport.merge([one, two])
        #expect(merged.seconds.count == one.seconds.count)
        #expect(merged.generator.processCount == 2 && merged.generator.reactors.count == 4)
        #expect(merged.counters.delivered == one.counters.delivered + two.counters.delivered)
        #expect(merged.counters.statuses[201] == one.counters.accepted + two.counters.accepted)
        #expect(merged.latencies.delivery.count == one.latencies.delivery.count + two.latencies.delivery.count)
        for (index, second) in merged.seconds.enumerated() {
            #expect(second.offered == one.seconds[index].offered + two.seconds[index].offered)
            #expect(second.openConnections == one.seconds[index].openConnections + two.seconds[index].openConnections)
            #expect(second.latency.count == one.seconds[index].latency.count + two.seconds[index].latency.count)
        }
    }

    @Test func `reports of different runs do not merge`() {
        let one = SampleReport(steadySeconds: 2).report()
        var other = SampleReport(shopCount: 10, steadySeconds: 2).report()
        #expect(throws: RunReport.MergeError.differentRuns) { try RunReport.merge([one, other]) }
        other.schemaVersion = 9
        #expect(throws: RunReport.MergeError.schemas(3, 9)) { try RunReport.merge([one, other]) }
        #expect(throws: RunReport.MergeError.nothing) { try RunReport.merge([]) }
    }

    @Test func `figures are those of the steady phase`() throws {
        let report = SampleReport(steadySeconds: 10).report()
        let figures = KeyFigures(report)
        #expect(report.steadySeconds.map(\.second) == Array(10..<20))
        #expect(abs(figures.offeredPerSecond - 200) < 5)
        #expect(figures.answeredShare == 1 && figures.deliveredShare == 1)
        #expect(figures.openConnectionsMin == 5000)
        #expect(abs(try #require(figures.serverCores) - 0.9) < 1e-6)
        #expect(abs(try #require(figures.serverBusyShare) - 0.45) < 1e-6)
        #expect(figures.userBytesPerConnection == 354)
        #expect(figures.kernelBytesPerConnection == 4856)
        let cost = try #require(figures.serverMicrosecondsPerDelivery)
        #expect(abs(cost - 0.9e6 / figures.deliveredPerSecond) < 1e-6)
        let own = try #require(figures.generatorMicrosecondsPerDelivery)
        #expect(abs(own - report.generator.busySeconds * 1e5 / figures.deliveredPerSecond) < 1e-6)
    }

    @Test func `faults are losses and violations`() {
        var report = SampleReport(steadySeconds: 2).report()
        #expect(report.faultCount == 0)
        report.counters.lost = 1
        report.counters.duplicated = 2
        report.counters.outOfOrder = 4
        report.counters.foreign = 8
        report.counters.corruptFrames = 16
        // Cut off by the end of its connection, which is counted by itself.
        report.counters.cutFrames = 32
        #expect(report.faultCount == 31)
    }
}
