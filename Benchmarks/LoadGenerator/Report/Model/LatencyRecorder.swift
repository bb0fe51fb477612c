import Histogram

/// Records latencies in nanoseconds while the load runs: an HDR histogram of one reactor.
///
/// `record` is O(1) and allocates nothing below `nanosecondsMax`; a greater value is recorded as the greatest, so that
/// nothing is lost from the count. At three digits it takes about 310 KB, at two 42 KB. Confined to its reactor.
package struct LatencyRecorder: Sendable {
    /// The greatest latency told apart: `LoadLimits.durationMax`, which none exceeds. A literal, as `record` is hot.
    package static let nanosecondsMax: UInt64 = 86_400_000_000_000
    /// The digits of a second in the time series: a quarter of a percent is below what a plot can show.
    package static let secondSignificantDigits = 2

    private var histogram: Histogram<UInt64>

    /// A recorder of nothing, with 1 to 5 significant digits.
    package init(significantDigits: Int = 3) {
        guard let digits = SignificantDigits(rawValue: Int8(significantDigits)), significantDigits > 0 else {
            preconditionFailure("a recorder has 1 to 5 significant digits")
        }
        histogram = Histogram(
            lowestDiscernibleValue: 1, highestTrackableValue: Self.nanosecondsMax,
            numberOfSignificantValueDigits: digits)
    }

    /// Records one latency. A clock that went backwards gives a negative one, which counts as 0.
    package mutating func record(nanoseconds: Int64, count: UInt64 = 1) {
        histogram.record(min(UInt64(max(nanoseconds, 0)), Self.nanosecondsMax), count: count)
    }

    /// Forgets everything, and keeps the memory. O(buckets).
    package mutating func reset() { histogram.reset() }

    /// What was recorded so far, as a value that merges. O(buckets).
    package func distribution() -> LatencyDistribution {
        LatencyDistribution(
            significantDigits: Int(histogram.numberOfSignificantValueDigits.rawValue),
            buckets: histogram.recordedValues().map {
                .init(nanoseconds: histogram.highestEquivalentForValue($0.value), count: $0.count)
            },
            minimum: histogram.min == 0 ? 0 : histogram.minNonZero,
            maximum: histogram.maxRecorded)
    }
}
