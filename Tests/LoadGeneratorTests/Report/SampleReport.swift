import Primitives

@testable import LoadGenerator

/// A run that might have been: a report with every field filled, from a seed.
struct SampleReport {
    var connectionCount = 5000
    var shopCount = 50
    var messagesPerSecond = 200.0
    var steadySeconds = 60
    var seed: UInt64 = 1
    /// CPU seconds a second.
    var serverCores = 0.9
    var generatorBusyShare = 0.42
    /// The part of the offered messages that are sent, answered and delivered.
    var sentShare = 1.0
    var answeredShare = 1.0
    var lateness: ClosedRange<Int64> = 2_000...140_000
    var receiveDelay: ClosedRange<Int64> = 1_000...90_000
    /// The median delivery latency in nanoseconds.
    var medianLatency = 900_000.0
    var watchesServer = true
    var process = 0

    func report() -> RunReport {
        var random = SeededGenerator(seed: seed)
        let phases = ScenarioDescription.Phases(
            connectSeconds: 5, warmUpSeconds: 5, steadySeconds: Double(steadySeconds), drainSeconds: 2)
        var report = RunReport(
            toolVersion: "1.0.0", commit: "a986697", startedAt: "2026-01-03T15:30:00.000000Z",
            command: "shopload run fanout --connections \(connectionCount) --shops \(shopCount) "
                + "--rate \(Int(messagesPerSecond)) --seconds \(steadySeconds) --server-pid 4711",
            target: "http://127.0.0.1:8080", environment: environment,
            scenario: ScenarioDescription(
                name: "fanout", parameters: ["connections": "\(connectionCount)", "arrivals": "poisson"],
                phases: phases, connectionCount: connectionCount, shopCount: shopCount,
                messagesPerSecond: messagesPerSecond, messageByteCount: 500),
            generator: GeneratorFigures())
        fillSeconds(of: &report, random: &random)
        report.generator.reactors = (0..<2).map { reactor in
            let busySeconds = Double(steadySeconds) * generatorBusyShare * (reactor == 0 ? 1 : 0.9)
            return .init(
                process: process, reactor: reactor, busySeconds: busySeconds, processorBusySeconds: busySeconds,
                wallSeconds: Double(steadySeconds))
        }
        report.server = watchesServer ? serverFigures(totalSeconds: Int(phases.totalSeconds)) : nil
        return report
    }

    private var environment: Environment {
        Environment(
            kernel: "6.18.0", processorModel: "AMD EPYC 7B13", processorCount: 4, memoryByteCount: 24 << 30,
            limits: ["RLIMIT_NOFILE": 20_000],
            kernelSettings: ["net.core.somaxconn": "4096", "net.ipv4.ip_local_port_range": "32768 60999"],
            pinning: "generator on 2-3, server on 0-1", loadAverageBefore: 0.31, otherLoadShare: 0.04,
            sharesMachineWithServer: true)
    }

    private func fillSeconds(of report: inout RunReport, random: inout SeededGenerator) {
        var delivery = LatencyRecorder()
        var post = LatencyRecorder()
        var connect = LatencyRecorder()
        var first = LatencyRecorder()
        var last = LatencyRecorder()
        var late = LatencyRecorder()
        var delay = LatencyRecorder()
        let members = report.scenario.membersPerShop
        for second in 0..<(12 + steadySeconds) {
            var sample = SecondSample(second: second)
            sample.openConnections = min(connectionCount, connectionCount * (second + 1) / 5)
            for _ in 0..<(second < 5 ? 200 : 0) { connect.record(nanoseconds: latency(&random, scale: 2)) }
            if second >= 5, second < 10 + steadySeconds {
                sample.offered = Int(messagesPerSecond) + Int.random(in: -9...9, using: &random)
                sample.sent = Int(Double(sample.offered) * sentShare)
                sample.answered = Int(Double(sample.offered) * answeredShare)
                sample.delivered = Int(Double(sample.answered) * members)
            }
            var recorder = LatencyRecorder(significantDigits: LatencyRecorder.secondSignificantDigits)
            // A pause of the server in one second shows in the percentiles of that second.
            let scale = second == 41 ? 6.0 : 1 + 0.1 * Double(second % 7) / 7
            for _ in 0..<(sample.delivered / 100) {
                let value = latency(&random, scale: scale)
                recorder.record(nanoseconds: value)
                guard second >= 10 else { continue }
                delivery.record(nanoseconds: value, count: 100)
            }
            for _ in 0..<(second >= 10 ? sample.answered : 0) {
                post.record(nanoseconds: latency(&random, scale: scale * 0.7))
                let earliest = latency(&random, scale: scale * 0.4)
                first.record(nanoseconds: earliest)
                last.record(nanoseconds: earliest + latency(&random, scale: scale * 1.6))
                late.record(nanoseconds: Int64.random(in: lateness, using: &random))
                delay.record(nanoseconds: Int64.random(in: receiveDelay, using: &random))
            }
            sample.latency = recorder.distribution()
            report.seconds.append(sample)
        }
        report.latencies = Latencies(
            delivery: delivery.distribution(), post: post.distribution(), connect: connect.distribution(),
            firstRecipient: first.distribution(), lastRecipient: last.distribution())
        report.generator.lateness = late.distribution()
        report.generator.receiveDelay = delay.distribution()
        fillCounters(of: &report)
    }

    private func fillCounters(of report: inout RunReport) {
        let answered = report.seconds.reduce(0) { $0 + $1.answered }
        report.counters.requestsSent = report.seconds.reduce(0) { $0 + $1.sent }
        report.counters.statuses = [201: answered]
        report.counters.delivered = report.seconds.reduce(0) { $0 + $1.delivered }
        report.counters.expectedDeliveries = report.counters.delivered
        report.counters.connectsAttempted = connectionCount
        report.counters.connectsSucceeded = connectionCount
    }

    /// About log-normal: the product of four uniform factors, with one in 500 in a tail of up to 12 times as much.
    private func latency(_ random: inout SeededGenerator, scale: Double) -> Int64 {
        let body = (0..<4).reduce(1.0) { product, _ in product * Double.random(in: 0.6...1.5, using: &random) }
        let tail = Int.random(in: 0..<500, using: &random) == 0 ? Double.random(in: 2...12, using: &random) : 1
        return Int64(medianLatency * scale * body * tail)
    }

    private func serverFigures(totalSeconds: Int) -> ServerFigures {
        let base = 9 << 20
        var figures = ServerFigures(processID: 4711, reactorCount: 2, processorCount: 2)
        for second in 0...totalSeconds {
            let busy = max(0, Double(min(second, totalSeconds - 2)) - 5) * serverCores
            figures.samples.append(
                .init(
                    seconds: Double(second), userSeconds: busy * 0.3, systemSeconds: busy * 0.7,
                    residentByteCount: base + min(connectionCount, connectionCount * second / 5) * 354
                        + (second > 5 ? 3 << 20 : 0),
                    threadCount: 6))
        }
        for (moment, open) in [(ServerFigures.Moment.before, 0), (.hold, connectionCount), (.after, 0)] {
            figures.kernel.append(
                .init(
                    moment: moment, openConnections: open,
                    slabByteCounts: ["TCP": (8 << 20) + open * 4600, "filp": (1 << 20) + open * 256],
                    slabTotalByteCount: (90 << 20) + open * 9200, socketCount: 20 + open * 2,
                    socketBufferByteCount: 40 << 10, residentByteCount: base + open * 354))
        }
        return figures
    }
}
