/// Latencies in logarithmic buckets, sixteen per doubling: coarse, cheap to write, and good enough for a live display.
package struct LiveBuckets: Hashable, Sendable {
    /// The number of buckets.
    package static let count = 800

    private let counts: [UInt64]

    init(counts: [UInt64]) {
        precondition(counts.count == Self.count)
        self.counts = counts
    }

    /// The bucket of a latency. O(1).
    @inline(__always)
    package static func index(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= 16 else { return Int(nanoseconds) }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        let digit = Int(nanoseconds >> UInt64(exponent - 4)) & 15
        return min((exponent - 3) * 16 + digit, count - 1)
    }

    /// The lower bound of a bucket.
    static func lowerBound(of index: Int) -> UInt64 {
        guard index >= 16 else { return UInt64(index) }
        let exponent = index / 16 + 3
        return (16 + UInt64(index % 16)) << UInt64(exponent - 4)
    }

    /// The counts that were added since an earlier reading.
    package func since(_ earlier: LiveBuckets) -> LiveBuckets {
        LiveBuckets(counts: zip(counts, earlier.counts).map { $0 &- $1 })
    }

    /// The value below which `percentile` percent lie, to about 6 %; nil when there is none.
    package func value(atPercentile percentile: Double) -> UInt64? {
        let total = counts.reduce(0, &+)
        guard total > 0 else { return nil }
        var rest = Double(total) * percentile / 100
        for index in counts.indices {
            rest -= Double(counts[index])
            if rest <= 0, counts[index] > 0 { return Self.lowerBound(of: min(index + 1, Self.count - 1)) }
        }
        return Self.lowerBound(of: Self.count - 1)
    }
}
