/// An axis of a plot: the positions of values, and the ticks. Pure.
struct PlotAxis {
    /// How values map to positions.
    enum Scale {
        /// Proportionally.
        case linear
        /// Each power of ten takes the same space; values are above 0.
        case logarithmic
        /// Percentiles from 0 to below 100; each further nine takes the same space: p90, p99, p99.9, p99.99.
        case percentile
    }

    /// A mark on the axis; one without a label is a finer line.
    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let scale: Scale
    let range: ClosedRange<Double>
    let ticks: [Tick]

    /// The position of `value`: 0 at the start, 1 at the end, clamped.
    func position(of value: Double) -> Double {
        let low = projected(range.lowerBound)
        let high = projected(range.upperBound)
        return high > low ? min(max((projected(value) - low) / (high - low), 0), 1) : 0
    }

    private func projected(_ value: Double) -> Double {
        switch scale {
        case .linear: value
        case .logarithmic: Decimals.logarithm(max(value, 1e-12))
        case .percentile: -Decimals.logarithm(max(1 - value / 100, 1e-12))
        }
    }
}

extension PlotAxis {
    /// From 0 to a round number at or above `maximum`, with about `tickCount` ticks, which `label` names.
    static func linear(maximum: Double, tickCount: Int = 5, label: (Double) -> String) -> PlotAxis {
        let top = maximum > 0 ? maximum : 1
        let step = Decimals.roundStep(atLeast: top / Double(tickCount))
        let count = Int((top / step).rounded(.up))
        let ticks = (0...count).map { Tick(value: Double($0) * step, label: label(Double($0) * step)) }
        return PlotAxis(scale: .linear, range: 0...(Double(count) * step), ticks: ticks)
    }

    /// From 0 to `end` seconds, with about `tickCount` ticks at customary times.
    static func time(end: Double, tickCount: Int) -> PlotAxis {
        let steps: [Double] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]
        let end = max(end, 1)
        let step = steps.first { end / $0 <= Double(tickCount) } ?? Decimals.roundStep(atLeast: end / Double(tickCount))
        let ticks = stride(from: 0, through: end, by: step).map { Tick(value: $0, label: timeLabel($0, step: step)) }
        return PlotAxis(scale: .linear, range: 0...end, ticks: ticks)
    }

    /// Nanoseconds on a logarithmic scale around `values`, from and to a 1, 2 or 5 with zeros.
    static func durations(_ values: some Sequence<Double>) -> PlotAxis {
        let positive = values.filter { $0 > 0 }
        let low = Decimals.oneTwoFive(atMost: positive.min() ?? 1e6)
        let high = max(Decimals.oneTwoFive(atLeast: positive.max() ?? 1e7), low * 10)
        var ticks: [Tick] = []
        let isWide = high / low > 2000
        var value = low
        while value <= high * 1.001 {
            let isLabelled = !isWide || Decimals.leadingDigit(value) == 1
            ticks.append(Tick(value: value, label: isLabelled ? durationLabel(value) : ""))
            value = Decimals.oneTwoFive(above: value)
        }
        return PlotAxis(scale: .logarithmic, range: low...high, ticks: ticks)
    }

    /// Percentiles from 0 to 99.99.
    static let percentiles = PlotAxis(
        scale: .percentile, range: 0...99.99,
        ticks: [(0, ""), (50, "p50"), (90, "p90"), (99, "p99"), (99.9, "p99.9"), (99.99, "p99.99")].map {
            Tick(value: $0.0, label: $0.1)
        })

    /// `500 µs`, `2 ms`: a round time without superfluous digits.
    static func durationLabel(_ nanoseconds: Double) -> String {
        for (unit, name) in [(1e9, "s"), (1e6, "ms"), (1e3, "µs")] where nanoseconds >= unit * 0.999 {
            return "\(NumberText.trimmed(nanoseconds / unit)) \(name)"
        }
        return nanoseconds == 0 ? "0" : "\(NumberText.trimmed(nanoseconds)) ns"
    }

    private static func timeLabel(_ seconds: Double, step: Double) -> String {
        if step >= 3600 { return "\(NumberText.trimmed(seconds / 3600)) h" }
        if step >= 60 { return "\(NumberText.trimmed(seconds / 60)) min" }
        return "\(NumberText.trimmed(seconds)) s"
    }
}
