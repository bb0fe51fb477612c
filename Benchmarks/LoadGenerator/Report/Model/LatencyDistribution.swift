/// How often each latency occurred, in nanoseconds: the contents of a `LatencyRecorder`, as a value that can be merged.
///
/// A value represents its bucket of the HDR histogram and is the highest value in that bucket, so that a percentile is
/// never reported too low. Only non-empty buckets are kept: a distribution of a second takes a few kilobytes, where the
/// recorder takes hundreds.
package struct LatencyDistribution: Equatable, Sendable {
    /// A non-empty bucket.
    struct Bucket: Equatable, Sendable {
        /// The highest value of the bucket, in nanoseconds.
        var nanoseconds: UInt64
        /// How often it occurred, 1 or more.
        var count: UInt64
    }

    /// The precision of values in decimal digits, 1 to 5. Only distributions with the same digits merge.
    let significantDigits: Int
    /// In rising order of their values, each value once.
    private(set) var buckets: [Bucket] = []
    /// The least value, rounded down to its bucket; 0 in an empty distribution.
    private(set) var minimum: UInt64 = 0
    /// The greatest value, exactly; 0 in an empty distribution.
    private(set) var maximum: UInt64 = 0

    /// An empty distribution.
    package init(significantDigits: Int = 3) {
        self.significantDigits = significantDigits
    }

    /// A distribution of `buckets`, in rising order of their values; counts of 0 are left out.
    init(significantDigits: Int, buckets: [Bucket], minimum: UInt64, maximum: UInt64) {
        self.significantDigits = significantDigits
        self.buckets = buckets.filter { $0.count > 0 }
        self.minimum = self.buckets.isEmpty ? 0 : minimum
        self.maximum = self.buckets.isEmpty ? 0 : maximum
    }

    /// The number of values. O(buckets).
    package var count: UInt64 { buckets.reduce(0) { $0 + $1.count } }

    /// Whether there is no value. O(1).
    package var isEmpty: Bool { buckets.isEmpty }

    /// The mean in nanoseconds; nil in an empty distribution. O(buckets).
    package var mean: Double? {
        let total = count
        if total == 0 { return nil }
        return buckets.reduce(0.0) { $0 + Double($1.nanoseconds) * Double($1.count) } / Double(total)
    }

    /// The smallest value in nanoseconds that `percentile` percent (0 to 100) of all values do not exceed; nil in an
    /// empty distribution. O(buckets).
    package func value(atPercentile percentile: Double) -> UInt64? {
        let total = count
        if total == 0 { return nil }
        // The factor compensates for rounding: 99.9 % of 1000 is the 999th value, not the 1000th.
        let rank = max(1, (min(max(percentile, 0), 100) * Double(total) / 100 * (1 - 1e-12)).rounded(.up))
        var seen: UInt64 = 0
        for bucket in buckets {
            seen += bucket.count
            if Double(seen) >= rank { return min(bucket.nanoseconds, maximum) }
        }
        return maximum
    }

    /// Adds the values of `other`, which must have the same digits. O(buckets of both).
    package mutating func merge(_ other: LatencyDistribution) {
        precondition(significantDigits == other.significantDigits, "distributions of the same digits merge")
        if other.isEmpty { return }
        minimum = isEmpty ? other.minimum : min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        var merged: [Bucket] = []
        merged.reserveCapacity(buckets.count + other.buckets.count)
        var left = buckets[...]
        var right = other.buckets[...]
        while let mine = left.first, let theirs = right.first {
            if mine.nanoseconds < theirs.nanoseconds {
                merged.append(mine)
                left.removeFirst()
            } else if theirs.nanoseconds < mine.nanoseconds {
                merged.append(theirs)
                right.removeFirst()
            } else {
                merged.append(Bucket(nanoseconds: mine.nanoseconds, count: mine.count + theirs.count))
                left.removeFirst()
                right.removeFirst()
            }
        }
        merged += left
        merged += right
        buckets = merged
    }
}
