/// The figures that a run is quoted by, computed from its report. Nil is a figure that was not measured.
///
/// Rates and shares are those of the steady phase. Times are in the unit that their name ends with.
package struct KeyFigures: Codable, Equatable, Sendable {
    /// Messages a second that were meant to be sent.
    var offeredPerSecond: Double
    /// Messages a second that were sent.
    var sentPerSecond: Double
    /// Messages a second that the server took.
    var answeredPerSecond: Double
    /// Deliveries a second.
    var deliveredPerSecond: Double
    /// The fewest open streams in any second.
    var openConnectionsMin: Int
    /// The least part, in any second, of the streams that were to be open: all but those that the scenario itself
    /// closed. Nil when there were none.
    var openShareMin: Double?
    /// The part of the expected deliveries that came, over the whole run; nil when none was expected.
    var deliveredShare: Double?
    /// The part of the offered messages that the server took; nil when none was offered.
    var answeredShare: Double?
    /// The part of the offered messages that were sent; nil when none was offered.
    var sentShare: Double?
    /// Deliveries of the whole run that did not come: they have no latency, so no percentile counts them.
    var lostCount: Int
    /// Messages of the whole run that the server refused: no percentile counts them.
    var refusedCount: Int
    /// Messages of the whole run that were not answered, or not even sent: no percentile counts them.
    var unansweredCount: Int

    /// Messages of the steady phase that somebody got and of which nobody was known to be the last to get them: they are
    /// missing in `lastRecipient`.
    var unfollowedCount: Int

    /// The generator's lateness that 1 % of its messages exceed.
    var latenessP99Nanoseconds: UInt64?
    /// How long the generator let what it had been given lie before it read it, which 1 % of its reads exceed.
    var receiveDelayP99Nanoseconds: UInt64?
    /// The part of the offered requests that found each posting connection of their reactor busy; nil when none was.
    var allPostersBusyShare: Double?
    /// The busiest reactor of the generator, 0 to 1.
    var generatorBusyShareMax: Double?

    /// Processors' worth of CPU that the server used, in user mode.
    var serverUserCores: Double?
    /// Processors' worth of CPU that the server used, in the kernel.
    var serverSystemCores: Double?
    /// The part of the processors it can use that the server used, 0 to 1.
    var serverBusyShare: Double?
    /// The server's CPU time over its deliveries, POST requests included.
    var serverMicrosecondsPerDelivery: Double?
    /// The generator's CPU time over the deliveries that it read, its sending included.
    var generatorMicrosecondsPerDelivery: Double?
    /// The server's resident memory for each open stream.
    var userBytesPerConnection: Double?
    /// The kernel's memory for each open stream; of both ends, when both are on this machine.
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
        deliveredShare = expected > 0 ? Double(report.counters.delivered) / Double(expected) : nil
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

    /// Processors' worth of CPU that the server used.
    var serverCores: Double? {
        guard let serverUserCores, let serverSystemCores else { return nil }
        return serverUserCores + serverSystemCores
    }
}

extension ServerFigures {
    /// Logical processors that its threads can fill: a server with fewer reactors than processors is full earlier.
    var usableProcessorCount: Int { max(1, min(reactorCount ?? processorCount, processorCount)) }

    /// CPU seconds a second, from the first to the last sample within `range`; nil with fewer than two.
    func usage(within range: ClosedRange<Double>) -> (userCores: Double, systemCores: Double)? {
        let inside = samples.filter { range.contains($0.seconds) }
        guard let first = inside.first, let last = inside.last, last.seconds > first.seconds else { return nil }
        let span = last.seconds - first.seconds
        return ((last.userSeconds - first.userSeconds) / span, (last.systemSeconds - first.systemSeconds) / span)
    }

    /// By how many bytes `figure` grew for each stream opened between `before` and `hold`; nil when one is missing.
    func growthPerConnection(of figure: KeyPath<KernelSample, Int>) -> Double? {
        guard
            let before = kernel.first(where: { $0.moment == .before }),
            let hold = kernel.first(where: { $0.moment == .hold }), hold.openConnections > before.openConnections
        else { return nil }
        let growth = hold[keyPath: figure] - before[keyPath: figure]
        return Double(growth) / Double(hold.openConnections - before.openConnections)
    }
}
