/// What a server used at one load: a row of the fit.
package struct CostSample: Codable, Equatable, Sendable {
    /// Open streams.
    var connectionCount: Double
    /// Deliveries a second.
    var deliveriesPerSecond: Double
    /// Messages (POST requests) a second.
    var messagesPerSecond: Double
    /// Processors' worth of CPU, user and kernel.
    var processors: Double
    /// Resident memory of the process in bytes, with all streams open and before sending; nil when not measured.
    var userByteCount: Double?
    /// The kernel's memory for the server's ends of the streams in bytes; nil when not measured.
    var kernelByteCount: Double?
    /// Bytes a second to and from the server; nil when not measured.
    var networkBytesPerSecond: Double?
}

extension CostSample {
    /// The row of `report`; nil when the server's CPU was not watched.
    ///
    /// Where both ends of a stream are on one machine the kernel's memory counts both: half of it is taken for the
    /// server's.
    init?(_ report: RunReport) {
        let figures = KeyFigures(report)
        guard let server = report.server, let processors = figures.serverCores else { return nil }
        let steady = report.steadySeconds
        let bytes = steady.reduce(0) { $0 + $1.receivedByteCount + $1.sentByteCount }
        let hold = server.kernel.first { $0.moment == .hold }
        // The kernel keeps what an earlier run made it take: where nothing grew, nothing was measured.
        let kernelBytes = figures.kernelBytesPerConnection.flatMap { $0 > 0 ? $0 : nil }
        let ends = report.environment.sharesMachineWithServer ? 2.0 : 1.0
        self.init(
            connectionCount: Double(figures.openConnectionsMin), deliveriesPerSecond: figures.deliveredPerSecond,
            messagesPerSecond: figures.answeredPerSecond, processors: processors,
            userByteCount: hold.map { Double($0.residentByteCount) },
            kernelByteCount: hold.flatMap { hold in
                kernelBytes.map { $0 * Double(hold.openConnections) / ends }
            },
            networkBytesPerSecond: bytes > 0 ? Double(bytes) / Double(max(steady.count, 1)) : nil)
    }
}

extension Observation {
    /// What `report` showed at `point`; `shares` are resources that the report does not know of, such as the network.
    package init(_ report: RunReport, at point: LoadPoint, shares: [Resource: Double] = [:]) {
        let figures = KeyFigures(report)
        let verdict = Verdict(report)
        var all = shares
        all[.processor] = figures.serverBusyShare
        // An unclear verdict has a full generator too.
        all[.generator] =
            verdict.kind == .generatorIsTheLimit || verdict.kind == .unclear
            ? 1 : min(figures.generatorBusyShareMax ?? 0, 0.99)
        self.init(
            point: point, p99Nanoseconds: report.latencies.delivery.value(atPercentile: 99),
            isReached: Verdict.isReached(report), faults: report.counters.faults,
            acceptedCount: report.counters.accepted, serverProcessID: report.server?.processID, shares: all,
            cost: CostSample(report))
    }
}
