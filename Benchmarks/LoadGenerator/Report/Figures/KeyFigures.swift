/// The key figures of a run, computed from its report. Nil means that a figure was not measured.
///
/// Rates and shares are those of the steady phase. Times are in the unit that their name ends with.
package struct KeyFigures: Codable, Equatable, Sendable {
    /// Messages a second that were meant to be sent.
    var offeredPerSecond: Double
    /// Messages a second that were sent.
    var sentPerSecond: Double
    /// Messages per second that the server accepted.
    var answeredPerSecond: Double
    /// Deliveries a second.
    var deliveredPerSecond: Double
    /// The smallest number of open streams in any second.
    var openConnectionsMin: Int
    /// The smallest share, in any second, of the streams that should be open: all except those that the scenario
    /// closed. Nil when there were none.
    var openShareMin: Double?
    /// The largest number of streams, in any second of the run, that connected again after the server had ended them.
    var reconnectsPerSecondMax: Int
    /// The share of the expected deliveries that arrived, over the whole run; nil when none was expected.
    var deliveredShare: Double?
    /// The share of the offered messages that the server accepted; nil when none was offered.
    var answeredShare: Double?
    /// The share of the offered messages that were sent; nil when none was offered.
    var sentShare: Double?
    /// Deliveries of the whole run that did not arrive. Without a latency they are in no percentile.
    var lostCount: Int
    /// Messages of the whole run that the server refused; in no percentile.
    var refusedCount: Int
    /// Messages of the whole run that were not answered, or not even sent; in no percentile.
    var unansweredCount: Int

    /// Messages of the steady phase that at least one stream received, but whose last recipient is unknown. They are
    /// missing in `lastRecipient`.
    var unfollowedCount: Int

    /// The generator's p99 lateness.
    var latenessP99Nanoseconds: UInt64?
    /// The p99 of the time between the arrival of data at a reactor and its being read.
    var receiveDelayP99Nanoseconds: UInt64?
    /// The share of the offered requests that found every posting connection of their reactor busy; nil when none was
    /// offered.
    var allPostersBusyShare: Double?
    /// The busy share of the generator's busiest reactor, 0 to 1.
    var generatorBusyShareMax: Double?

    /// The server's CPU in user mode, in processors.
    var serverUserCores: Double?
    /// The server's CPU in the kernel, in processors.
    var serverSystemCores: Double?
    /// The share of its usable processors that the server used, 0 to 1.
    var serverBusyShare: Double?
    /// The server's CPU time divided by its deliveries, POST requests included.
    var serverMicrosecondsPerDelivery: Double?
    /// The generator's CPU time divided by the deliveries that it read, its sending included.
    var generatorMicrosecondsPerDelivery: Double?
    /// The server's resident memory per open stream.
    var userBytesPerConnection: Double?
    /// The kernel's memory per open stream; for both ends when both are on this machine.
    var kernelBytesPerConnection: Double?

    /// The figures of `report`. O(seconds + buckets).
    package init(_ report: RunReport) {
        let steady = report.steadySeconds
        let span = max(Double(steady.count), 1)
        let sum: (KeyPath<SecondSample, Int>) -> Double = { path in
            Double(steady.reduce(0) { $0 + $1[keyPath: path] })
        }
        let offered = sum(\.offered)
        offeredPerSecond = offered / span
        sentPerSecond = sum(\.sent) / span
        answeredPerSecond = sum(\.answered) / span
        deliveredPerSecond = sum(\.delivered) / span
        openConnectionsMin = steady.map(\.openConnections).min() ?? 0
        let wanted = report.scenario.connectionCount
        openShareMin = wanted > 0 ? steady.map { Self.openShare($0, wanted: wanted) }.min() : nil
        sentShare = offered > 0 ? sum(\.sent) / offered : nil
        answeredShare = offered > 0 ? sum(\.answered) / offered : nil
        let expected = report.counters.expectedDeliveries
        let came = report.counters.delivered + report.counters.caughtUp
        deliveredShare = expected > 0 ? Double(came) / Double(expected) : nil
        reconnectsPerSecondMax = report.seconds.map(\.reconnects).max() ?? 0
        lostCount = report.counters.lost
        refusedCount = report.counters.refused
        unansweredCount = report.counters.requestTimeouts
        let (first, last) = (report.latencies.firstRecipient.count, report.latencies.lastRecipient.count)
        unfollowedCount = Int(first - min(first, last))
        latenessP99Nanoseconds = report.generator.lateness.value(atPercentile: 99)
        receiveDelayP99Nanoseconds = report.generator.receiveDelay.value(atPercentile: 99)
        let due = report.generator.lateness.count
        allPostersBusyShare = due > 0 ? Double(report.generator.allPostersBusyCount) / Double(due) : nil
        generatorBusyShareMax = report.generator.busyShareMax
        if deliveredPerSecond > 0, generatorBusyShareMax != nil {
            generatorMicrosecondsPerDelivery = report.generator.busySeconds * 1e6 / (deliveredPerSecond * span)
        }
        guard let server = report.server else { return }
        if let usage = server.usage(within: report.scenario.phases.steadyRange) {
            serverUserCores = usage.userCores
            serverSystemCores = usage.systemCores
            serverBusyShare = (usage.userCores + usage.systemCores) / Double(server.usableProcessorCount)
            if deliveredPerSecond > 0 {
                serverMicrosecondsPerDelivery = (usage.userCores + usage.systemCores) * 1e6 / deliveredPerSecond
            }
        }
        userBytesPerConnection = server.growthPerConnection(of: \.residentByteCount)
        kernelBytesPerConnection = server.growthPerConnection(of: \.kernelByteCount)
    }

    private static func openShare(_ second: SecondSample, wanted: Int) -> Double {
        let expected = wanted - second.awayConnections
        return expected > 0 ? min(Double(second.openConnections) / Double(expected), 1) : 1
    }

    /// The server's CPU in processors.
    var serverCores: Double? {
        guard let serverUserCores, let serverSystemCores else { return nil }
        return serverUserCores + serverSystemCores
    }
}

extension ServerFigures {
    /// The logical processors that its threads can fill: a server with fewer reactors than processors is full earlier.
    var usableProcessorCount: Int { max(1, min(reactorCount ?? processorCount, processorCount)) }

    /// CPU seconds per second, from the first to the last sample within `range`; nil with fewer than two.
    func usage(within range: ClosedRange<Double>) -> (userCores: Double, systemCores: Double)? {
        let inside = samples.filter { range.contains($0.seconds) }
        guard let first = inside.first, let last = inside.last, last.seconds > first.seconds else { return nil }
        let span = last.seconds - first.seconds
        return ((last.userSeconds - first.userSeconds) / span, (last.systemSeconds - first.systemSeconds) / span)
    }

    /// The growth of `figure` in bytes per stream opened between `before` and `hold`; nil when a sample is missing.
    func growthPerConnection(of figure: KeyPath<KernelSample, Int>) -> Double? {
        guard
            let before = kernel.first(where: { $0.moment == .before }),
            let hold = kernel.first(where: { $0.moment == .hold }), hold.openConnections > before.openConnections
        else { return nil }
        let growth = hold[keyPath: figure] - before[keyPath: figure]
        return Double(growth) / Double(hold.openConnections - before.openConnections)
    }
}
