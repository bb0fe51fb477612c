/// Medians and quantiles of small samples. Pure.
enum Statistics {
    /// The median; nil without values. O(n log n).
    static func median(_ values: [Double]) -> Double? { quantile(values, 0.5) }

    /// The value below which the share `rank`, 0 to 1, of the sorted values lies, interpolated between two; nil without
    /// values. O(n log n).
    static func quantile(_ values: [Double], _ rank: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let place = min(max(rank, 0), 1) * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
}
