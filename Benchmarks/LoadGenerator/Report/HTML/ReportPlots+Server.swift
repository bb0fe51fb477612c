/// What the server's process used over the run.
extension ReportPlots {
    var processors: Plot {
        let line = { (name: String, style: Plot.Style, used: (ServerFigures.ProcessSample) -> Double) in
            Plot.Line(
                name: name, style: style,
                points: intervals.map { earlier, later in
                    let span = later.seconds - earlier.seconds
                    return .init(x: earlier.seconds + span / 2, y: (used(later) - used(earlier)) / span)
                })
        }
        let lines = [
            line("user and kernel", .main) { $0.userSeconds + $0.systemSeconds },
            line("user", .second) { $0.userSeconds },
        ]
        let top = max(Double(report.server?.usableProcessorCount ?? 1), highest(lines))
        return overTime(
            title: "The server's CPU", note: "In processors; the axis ends at what the server can use.",
            vertical: .linear(maximum: top) { NumberText.trimmed($0) }, lines)
    }

    /// The CPU per delivery. Leaves out intervals with few deliveries, such as the end of the run: their CPU was used
    /// for other work.
    var deliveryCost: Plot {
        let delivered = DeliveryCount(report.seconds)
        let counts = intervals.map { delivered.before($1.seconds) - delivered.before($0.seconds) }
        let enough = (counts.max() ?? 0) / 10
        let points = zip(intervals, counts).map { interval, count in
            let (earlier, later) = interval
            let used = later.userSeconds + later.systemSeconds - earlier.userSeconds - earlier.systemSeconds
            return Plot.Point(
                x: (earlier.seconds + later.seconds) / 2, y: count > 0 && count >= enough ? used * 1e9 / count : nil)
        }
        let lines = [Plot.Line(name: "CPU a delivery", style: .main, points: points)]
        return overTime(
            title: "The server's CPU for each delivery", note: "User and kernel mode, POST requests included.",
            vertical: .linear(maximum: highest(lines), label: PlotAxis.durationLabel), lines)
    }

    var memory: Plot {
        let lines = [
            Plot.Line(
                name: "resident", style: .main,
                points: (report.server?.samples ?? []).map { .init(x: $0.seconds, y: Double($0.residentByteCount)) })
        ]
        let unit = [1024.0 * 1024 * 1024, 1024 * 1024, 1024].first { highest(lines) >= $0 } ?? 1
        let name = unit > 1e9 ? "GiB" : unit > 1e6 ? "MiB" : unit > 1e3 ? "KiB" : "B"
        let scaled = PlotAxis.linear(maximum: highest(lines) / unit) { "\(NumberText.trimmed($0)) \(name)" }
        let axis = PlotAxis(
            scale: .linear, range: 0...(scaled.range.upperBound * unit),
            ticks: scaled.ticks.map { .init(value: $0.value * unit, label: $0.label) })
        return overTime(
            title: "The server's memory", note: "Resident memory of the process, without the kernel's.", vertical: axis,
            lines)
    }

    /// Pairs of samples in the order of time, few enough for a plot.
    private var intervals: [(ServerFigures.ProcessSample, ServerFigures.ProcessSample)] {
        let all = report.server?.samples ?? []
        let step = max(1, (all.count + Self.binCountMax - 1) / Self.binCountMax)
        let samples = stride(from: 0, to: all.count, by: step).map { all[$0] }
        return zip(samples, samples.dropFirst()).filter { $0.seconds < $1.seconds }
    }
}

/// The number of deliveries up to any time of a run.
private struct DeliveryCount {
    /// The deliveries before each second, and before the end of the last one.
    private var sums = [0.0]

    init(_ seconds: [SecondSample]) {
        for sample in seconds {
            while sums.count <= sample.second { sums.append(sums[sums.count - 1]) }
            sums.append(sums[sums.count - 1] + Double(sample.delivered))
        }
    }

    /// The deliveries before a time, assuming that those of a second are spread evenly.
    func before(_ time: Double) -> Double {
        let time = min(max(time, 0), Double(sums.count - 1))
        let second = min(Int(time), sums.count - 2)
        guard second >= 0 else { return 0 }
        return sums[second] + (sums[second + 1] - sums[second]) * (time - Double(second))
    }
}
