/// The plots of a report's page.
struct ReportPlots {
    let report: RunReport
    private let bins: [Bin]
    private let end: Double
    private let steady: Plot.Band

    /// The maximum number of points of a plot over time: more points only blacken it.
    static let binCountMax = 160

    /// Several seconds together.
    private struct Bin {
        let secondCount: Double
        let start: Double
        let openConnectionsMin: Int
        /// The sums, and all latencies.
        let sum: SecondSample

        var middle: Double { start + secondCount / 2 }

        init?(_ seconds: ArraySlice<SecondSample>) {
            guard let first = seconds.first, let last = seconds.last else { return nil }
            start = Double(first.second)
            secondCount = Double(last.second + 1 - first.second)
            openConnectionsMin = seconds.map(\.openConnections).min() ?? 0
            var sum = first
            for var next in seconds.dropFirst() {
                next.second = sum.second
                sum.merge(next)
            }
            self.sum = sum
        }
    }

    init(_ report: RunReport) {
        self.report = report
        let phases = report.scenario.phases
        let last = report.seconds.last.map { Double($0.second + 1) } ?? 0
        end = max(phases.totalSeconds, last)
        steady = Plot.Band(range: phases.steadyRange, label: "steady phase")
        let size = max(1, (report.seconds.count + Self.binCountMax - 1) / Self.binCountMax)
        bins = stride(from: 0, to: report.seconds.count, by: size).compactMap { start in
            Bin(report.seconds[start..<min(start + size, report.seconds.count)])
        }
    }

    /// All plots that have data, in the order of the page.
    var all: [Plot] {
        [
            percentiles, latencyOverTime, rates, recipients, connections, connecting, lateness, processors,
            deliveryCost, memory,
        ].filter { !$0.isEmpty }
    }

    /// How many seconds one point represents, when it is more than one.
    private var each: String {
        let count = bins.first?.secondCount ?? 1
        return count > 1 ? ", \(NumberText.trimmed(count)) s a point" : ""
    }

    private var percentiles: Plot {
        percentilePlot(
            title: "Delivery latency by percentile",
            note: "From the intended send time. Each nine takes the same room.",
            [("delivery", .main, report.latencies.delivery), ("POST answered", .second, report.latencies.post)])
    }

    private var recipients: Plot {
        percentilePlot(
            title: "First and last recipient of a broadcast", note: "How far apart a shop's members hear a message.",
            [
                ("last recipient", .main, report.latencies.lastRecipient),
                ("first recipient", .second, report.latencies.firstRecipient),
            ])
    }

    private var lateness: Plot {
        percentilePlot(
            title: "The generator's own lateness",
            note: "From the intended send time to its being noticed: part of every latency above.",
            [("lateness", .main, report.generator.lateness)])
    }

    private var connecting: Plot {
        percentilePlot(
            title: "Connecting", note: "Until the upgrade was answered, each stream.",
            [("connect", .main, report.latencies.connect)])
    }

    private func percentilePlot(
        title: String, note: String, _ curves: [(name: String, style: Plot.Style, LatencyDistribution)]
    ) -> Plot {
        let lines = curves.filter { !$0.2.isEmpty }.map {
            Plot.Line(name: $0.name, style: $0.style, points: Self.percentilePoints($0.2))
        }
        return Plot(
            title: title, note: note, horizontal: { _ in .percentiles },
            vertical: .durations(lines.flatMap { $0.points.compactMap(\.y) }), lines: lines)
    }

    /// The curve up to the last percentile for which `distribution` has enough values.
    private static func percentilePoints(_ distribution: LatencyDistribution) -> [Plot.Point] {
        let total = Double(distribution.count)
        var points: [Plot.Point] = []
        var seen = 0.0
        for bucket in distribution.buckets {
            let before = seen / total * 100
            seen += Double(bucket.count)
            // The value applies from the share below it to the share up to it: a step, drawn by its start.
            let value = Double(min(bucket.nanoseconds, distribution.maximum))
            let position = PlotAxis.percentiles.position(of: before)
            if let last = points.last, position - PlotAxis.percentiles.position(of: last.x) < 0.004 { continue }
            if before > 99.99 { break }
            points.append(.init(x: before, y: value))
        }
        let end = min(99.99, (1 - 1 / max(total, 1)) * 100)
        if let value = distribution.value(atPercentile: end), end > points.last?.x ?? 0 {
            points.append(.init(x: end, y: Double(value)))
        }
        return points
    }

    private var latencyOverTime: Plot {
        let values = { (pick: (LatencyDistribution) -> UInt64?) in
            bins.map { bin in
                Plot.Point(
                    x: bin.middle, y: bin.sum.latency.isEmpty ? nil : pick(bin.sum.latency).map { Double($0) })
            }
        }
        let lines = [
            Plot.Line(name: "max", style: .third, points: values { $0.maximum }),
            Plot.Line(name: "p99", style: .main, points: values { $0.value(atPercentile: 99) }),
            Plot.Line(name: "p50", style: .second, points: values { $0.value(atPercentile: 50) }),
        ]
        return overTime(
            title: "Delivery latency over time", note: "By the time at which the frame was read\(each).",
            vertical: .durations(lines.flatMap { $0.points.compactMap(\.y) }), lines)
    }

    private var rates: Plot {
        let line = { (name: String, style: Plot.Style, path: KeyPath<SecondSample, Int>) in
            Plot.Line(
                name: name, style: style,
                points: bins.map { .init(x: $0.middle, y: Double($0.sum[keyPath: path]) / $0.secondCount) })
        }
        let lines = [
            line("offered", .wanted, \.offered), line("sent", .second, \.sent), line("answered", .main, \.answered),
        ]
        return overTime(
            title: "Messages a second",
            note: "What was meant to be sent, what was, and what the server answered\(each).",
            vertical: counts(lines), lines)
    }

    private var connections: Plot {
        let lines = [
            Plot.Line(
                name: "open streams", style: .main,
                points: bins.map { .init(x: $0.middle, y: Double($0.openConnectionsMin)) })
        ]
        return overTime(
            title: "Open streams", note: "The fewest at the end of a second\(each).", vertical: counts(lines), lines)
    }

    /// A plot whose horizontal axis is the run's time.
    func overTime(title: String, note: String, vertical: PlotAxis, _ lines: [Plot.Line]) -> Plot {
        let end = end
        return Plot(
            title: title, note: note, horizontal: { .time(end: end, tickCount: $0) }, vertical: vertical, lines: lines,
            band: steady)
    }

    private func counts(_ lines: [Plot.Line]) -> PlotAxis {
        .linear(maximum: highest(lines), label: NumberText.shortCount)
    }

    /// The greatest value of all lines.
    func highest(_ lines: [Plot.Line]) -> Double { lines.flatMap { $0.points.compactMap(\.y) }.max() ?? 0 }
}
