/// A value below which a part of the counted ones are, as far as the bounds of a histogram say.
enum Quantile: Hashable, Sendable {
    case value(Double)
    /// It is above the last bound.
    case above(Double)
}

extension Histogram {
    /// What was counted since an earlier state of the same histogram; nil when it has other bounds, or counted more.
    func since(_ earlier: Histogram) -> Histogram? {
        guard bounds == earlier.bounds, zip(counts, earlier.counts).allSatisfy({ $0 >= $1 }) else { return nil }
        return Histogram(bounds: bounds, counts: zip(counts, earlier.counts).map { $0 - $1 }, sum: sum - earlier.sum)
    }

    /// The value below which `share` of the counted ones are, as `histogram_quantile` of Prometheus computes it: the
    /// values between two bounds count as evenly spread. Nil without values.
    func quantile(_ share: Double) -> Quantile? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below = 0.0
        for (index, bound) in bounds.enumerated() {
            let count = Double(counts[index])
            if count > 0, below + count >= rank {
                let lower = index == 0 ? 0 : bounds[index - 1]
                return .value(lower + (bound - lower) * max(0, rank - below) / count)
            }
            below += count
        }
        return .above(bounds.last ?? 0)
    }
}
