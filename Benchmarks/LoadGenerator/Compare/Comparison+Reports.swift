extension Comparison {
    /// Why reports cannot be compared.
    package enum ReportError: Error, Equatable, CustomStringConvertible {
        /// The runs had different loads; these parts differ.
        case differentLoads([String])
        /// A run of this variant opened no stream.
        case noStreams(name: String, round: Int)

        package var description: String {
            switch self {
            case .differentLoads(let names): "the runs differ in \(names.joined(separator: ", ")): not the same load"
            case .noStreams(let name, let round): "\(name), round \(round): no stream could be opened"
            }
        }
    }

    /// Compares the reports of rounds, the first of `a` with the first of `b` and so on, all under one load. Leaves out
    /// figures that a report lacks and rounds without a partner.
    package init(nameA: String, nameB: String, a: [RunReport], b: [RunReport]) throws(ReportError) {
        let roundCount = min(a.count, b.count)
        for (name, reports) in [(nameA, a), (nameB, b)] {
            if let index = reports.firstIndex(where: { !$0.hasOpenedStreams }) {
                throw .noStreams(name: name, round: index + 1)
            }
        }
        let differences = Set((a + b).flatMap { report in Self.differences(report, from: (a + b)[0]) })
        guard differences.isEmpty else { throw .differentLoads(differences.sorted()) }
        let figures = { (reports: [RunReport]) in reports.prefix(roundCount).map { ($0, KeyFigures($0)) } }
        let (left, right) = (figures(a), figures(b))
        let measures = Self.figures.compactMap { figure -> Measure? in
            let values = { (rounds: [(RunReport, KeyFigures)]) in rounds.compactMap { figure.value($0.0, $0.1) } }
            let (mine, theirs) = (values(left), values(right))
            guard roundCount > 0, mine.count == roundCount, theirs.count == roundCount else { return nil }
            return Measure(name: figure.name, unit: figure.unit, a: mine, b: theirs)
        }
        self.init(
            nameA: nameA, nameB: nameB, measures: measures,
            warnings: Self.warnings(nameA, left.map(\.0)) + Self.warnings(nameB, right.map(\.0)),
            provenance: [a.first, b.first].compactMap { $0.map(Provenance.init) })
    }

    /// The doubts about the rounds of one variant, each with its rounds.
    private static func warnings(_ name: String, _ reports: [RunReport]) -> [String] {
        let doubts = reports.map { Self.doubts($0) }
        var texts: [String] = []
        for text in doubts.joined() where !texts.contains(text) { texts.append(text) }
        return texts.map { text in
            let rounds = doubts.indices.filter { doubts[$0].contains(text) }.map { String($0 + 1) }
            let isEvery = rounds.count == reports.count && rounds.count > 1
            let place =
                isEvery ? "every round" : "round\(rounds.count > 1 ? "s" : "") \(rounds.joined(separator: ", "))"
            return "\(name), \(place): \(text)"
        }
    }

    /// Why the figures of a run are in doubt. A server that violates its guarantees may be fast because of that.
    private static func doubts(_ report: RunReport) -> [String] {
        let faults = report.counters.faults
        let missing = Verdict.isReached(report) ? [] : ["not all of the load was reached"]
        let limits: [String] =
            switch Verdict(report).kind {
            case .neither, .serverIsTheLimit, .serverIsAtFault: []
            case .generatorIsTheLimit: ["the generator was the limit"]
            case .unclear: ["what limited it is unclear"]
            }
        return (faults.isEmpty ? missing : [faults.joined(separator: ", ")]) + limits
    }

    /// The parts of the load that differ between two reports. The streams' protocol and TLS are not among them, as they
    /// may be what is compared.
    private static func differences(_ report: RunReport, from other: RunReport) -> [String] {
        let (mine, theirs) = (report.scenario, other.scenario)
        let steady = abs(mine.phases.steadySeconds - theirs.phases.steadySeconds)
        let parts = [
            ("scenario", mine.name == theirs.name), ("streams", mine.connectionCount == theirs.connectionCount),
            ("shops", mine.shopCount == theirs.shopCount), ("rate", mine.messagesPerSecond == theirs.messagesPerSecond),
            ("bytes", mine.messageByteCount == theirs.messageByteCount),
            ("duration", steady <= 0.01 * theirs.phases.steadySeconds),
        ]
        let names = Set(mine.parameters.keys).union(theirs.parameters.keys).subtracting(["subprotocol", "tls"])
        return parts.filter { !$0.1 }.map(\.0) + names.filter { mine.parameters[$0] != theirs.parameters[$0] }
    }

    private struct Figure {
        let name: String
        let unit: Unit
        let value: (RunReport, KeyFigures) -> Double?
    }

    private static var figures: [Figure] {
        let latency = { (name: String, path: KeyPath<Latencies, LatencyDistribution>, percentile: Double) in
            Figure(name: name, unit: .nanoseconds) { report, _ in
                report.latencies[keyPath: path].value(atPercentile: percentile).map { Double($0) }
            }
        }
        return [
            latency("delivery p50", \.delivery, 50), latency("delivery p99", \.delivery, 99),
            latency("delivery p99.9", \.delivery, 99.9), latency("POST p99", \.post, 99),
            latency("connect p99", \.connect, 99),
            Figure(name: "deliveries", unit: .perSecond) { $1.deliveredPerSecond > 0 ? $1.deliveredPerSecond : nil },
            Figure(name: "CPU a delivery", unit: .microseconds) { $1.serverMicrosecondsPerDelivery },
            Figure(name: "user memory a stream", unit: .bytes) { $1.userBytesPerConnection },
            Figure(name: "kernel memory a stream", unit: .bytes) { $1.kernelBytesPerConnection },
        ]
    }
}
