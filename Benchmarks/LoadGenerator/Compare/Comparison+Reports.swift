extension Comparison {
    /// Compares the reports of rounds, the first of `a` with the first of `b` and so on. A figure that a report lacks
    /// is left out; a round without a partner too.
    package init(nameA: String, nameB: String, a: [RunReport], b: [RunReport]) {
        let roundCount = min(a.count, b.count)
        let figures = { (reports: [RunReport]) in reports.prefix(roundCount).map { ($0, KeyFigures($0)) } }
        let (left, right) = (figures(a), figures(b))
        let measures = Self.figures.compactMap { figure -> Measure? in
            let values = { (rounds: [(RunReport, KeyFigures)]) in rounds.compactMap { figure.value($0.0, $0.1) } }
            let (mine, theirs) = (values(left), values(right))
            guard roundCount > 0, mine.count == roundCount, theirs.count == roundCount else { return nil }
            return Measure(name: figure.name, unit: figure.unit, a: mine, b: theirs)
        }
        let warnings = zip([nameA, nameB], [left, right]).flatMap { name, rounds in
            rounds.enumerated().compactMap { index, round -> String? in
                switch Verdict(round.0).kind {
                case .neither, .serverIsTheLimit: nil
                case .serverIsAtFault: "\(name), round \(index + 1): the server was at fault"
                case .generatorIsTheLimit: "\(name), round \(index + 1): the generator was the limit"
                case .unclear: "\(name), round \(index + 1): what limited it is unclear"
                }
            }
        }
        self.init(
            nameA: nameA, nameB: nameB, measures: measures, warnings: warnings,
            provenance: [a.first, b.first].compactMap { $0.map(Provenance.init) })
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
