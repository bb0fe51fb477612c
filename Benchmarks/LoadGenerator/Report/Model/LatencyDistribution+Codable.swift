extension LatencyDistribution: Codable {
    /// `buckets` is authoritative, as pairs of value and count. The rest is for people and for `jq`, and is not read
    /// back, except for the digits and the extremes.
    private enum Key: String, CodingKey {
        case significantDigits, buckets, minimum, maximum
        case count, mean, p50, p90, p99, p999, p9999
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let digits = try container.decode(Int.self, forKey: .significantDigits)
        let pairs = try container.decode([[UInt64]].self, forKey: .buckets)
        let rising = zip(pairs, pairs.dropFirst()).allSatisfy { ($0.first ?? 0) < ($1.first ?? 0) }
        guard (1...5).contains(digits), rising, pairs.allSatisfy({ $0.count == 2 }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .buckets, in: container,
                debugDescription: "buckets are pairs of nanoseconds and count, in rising order")
        }
        self.init(
            significantDigits: digits,
            buckets: pairs.map { Bucket(nanoseconds: $0[0], count: $0[1]) },
            minimum: try container.decode(UInt64.self, forKey: .minimum),
            maximum: try container.decode(UInt64.self, forKey: .maximum))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(significantDigits, forKey: .significantDigits)
        try container.encode(buckets.map { [$0.nanoseconds, $0.count] }, forKey: .buckets)
        try container.encode(minimum, forKey: .minimum)
        try container.encode(maximum, forKey: .maximum)
        try container.encode(count, forKey: .count)
        try container.encodeIfPresent(mean.map { $0.rounded() }, forKey: .mean)
        try container.encodeIfPresent(value(atPercentile: 50), forKey: .p50)
        try container.encodeIfPresent(value(atPercentile: 90), forKey: .p90)
        try container.encodeIfPresent(value(atPercentile: 99), forKey: .p99)
        try container.encodeIfPresent(value(atPercentile: 99.9), forKey: .p999)
        try container.encodeIfPresent(value(atPercentile: 99.99), forKey: .p9999)
    }
}
