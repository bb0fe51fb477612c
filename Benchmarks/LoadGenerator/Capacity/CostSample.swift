/// What a server used at one load: a row of the fit.
package struct CostSample: Codable, Equatable, Sendable {
    /// Open streams.
    var connectionCount: Double
    /// Deliveries a second.
    var deliveriesPerSecond: Double
    /// Messages (POST requests) a second.
    var messagesPerSecond: Double
    /// CPU in processors, user and kernel.
    var processors: Double
    /// Resident memory of the process in bytes, with all streams open and before sending; nil when not measured.
    var userByteCount: Double?
    /// The kernel's memory for the server's ends of the streams in bytes; nil when not measured.
    var kernelByteCount: Double?
    /// Bytes a second to and from the server; nil when not measured.
    var networkBytesPerSecond: Double?
}

extension CostSample {
    /// The sample of `report`; nil when the server's CPU was not watched.
    /// Where both ends of a stream are on one machine, the kernel's memory includes both. Half of it is assigned to the
    /// server.
    init?(_ report: RunReport) {
        let figures = KeyFigures(report)
        guard let server = report.server, let processors = figures.serverCores else { return nil }
        let steady = report.steadySeconds
        let bytes = steady.reduce(0) { $0 + $1.receivedByteCount + $1.sentByteCount }
        let hold = server.kernel.first { $0.moment == .hold }
        // The kernel keeps the memory of earlier runs: without growth there is no measurement.
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
    /// The observation of `report` at `point`; `shares` are resources that the report does not contain, such as the
    /// network.
    package init(_ report: RunReport, at point: LoadPoint, shares: [Resource: Double] = [:]) {
        let figures = KeyFigures(report)
        let verdict = Verdict(report)
        var all = shares
        all[.processor] = figures.serverBusyShare
        // An unclear verdict also counts the generator as full.
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
