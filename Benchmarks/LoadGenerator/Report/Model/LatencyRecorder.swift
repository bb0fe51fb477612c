import Histogram

/// Records latencies in nanoseconds during the run: the HDR histogram of one reactor.
///
/// `record` is O(1) and does not allocate below `nanosecondsMax`. A greater value is recorded as the maximum, so that
/// it still counts. At three digits it takes about 310 KB, at two 42 KB. Confined to its reactor.
package struct LatencyRecorder: Sendable {
    /// The greatest distinguishable latency: `LoadLimits.durationMax`, which none exceeds. A literal, as `record` is
    /// hot.
    package static let nanosecondsMax: UInt64 = 86_400_000_000_000
    /// The precision of a second in the time series: a quarter of a percent is finer than a plot can show.
    package static let secondSignificantDigits = 2

    private var histogram: Histogram<UInt64>

    /// Creates an empty recorder with 1 to 5 significant digits.
    package init(significantDigits: Int = 3) {
        guard let digits = SignificantDigits(rawValue: Int8(significantDigits)), significantDigits > 0 else {
            preconditionFailure("a recorder has 1 to 5 significant digits")
        }
        histogram = Histogram(
            lowestDiscernibleValue: 1, highestTrackableValue: Self.nanosecondsMax,
            numberOfSignificantValueDigits: digits)
    }

    /// Records one latency. A negative one, from a clock that went backwards, counts as 0.
    package mutating func record(nanoseconds: Int64, count: UInt64 = 1) {
        histogram.record(min(UInt64(max(nanoseconds, 0)), Self.nanosecondsMax), count: count)
    }

    /// Drops all values and keeps the memory. O(buckets).
    package mutating func reset() { histogram.reset() }

    /// The recorded values, as a value that can be merged. O(buckets).
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
