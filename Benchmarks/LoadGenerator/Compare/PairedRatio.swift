import Glibc

/// The ratio of two ways from rounds that measured both, and how far chance alone may have moved it.
///
/// What disturbs a machine for minutes disturbs both runs of a round, so ratios within rounds stray less than the
/// figures do. Their logarithms are averaged; the interval is Student's t at 98 %, under which equal ways are taken
/// for different in one comparison of fifty; seven rounds find a difference of 10 % among runs that stray by 3 %. A
/// round that went astray widens it: the answer then is "noise", not a wrong one.
package struct PairedRatio: Codable, Equatable, Sendable {
    /// How sure the interval is.
    static let confidence = 0.98

    /// B over A: the geometric mean of the rounds' ratios.
    let ratio: Double
    /// The ends of the interval.
    let low: Double
    let high: Double

    /// Whether the interval leaves out 1.
    var isDifferent: Bool { low > 1 || high < 1 }

    /// The ratio of `b` to `a`, one figure a round in the same order, all above 0; nil with fewer than three rounds,
    /// which show no spread, or with a figure that is not above 0. O(rounds).
    package init?(a: [Double], b: [Double]) {
        precondition(a.count == b.count, "each round has both")
        guard a.count >= 3, (a + b).allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        let logarithms = zip(a, b).map { log($1 / $0) }
        let count = Double(logarithms.count)
        let mean = logarithms.reduce(0, +) / count
        let variance = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let spread = Self.quantile(degreesOfFreedom: logarithms.count - 1) * (variance / count).squareRoot()
        ratio = exp(mean)
        low = exp(mean - spread)
        high = exp(mean + spread)
    }

    /// Student's t that 1 % of values exceed. Beyond 20 degrees that of 20, which is a little too wide.
    private static func quantile(degreesOfFreedom: Int) -> Double {
        let table = [
            31.821, 6.965, 4.541, 3.747, 3.365, 3.143, 2.998, 2.896, 2.821, 2.764, 2.718, 2.681, 2.650, 2.624, 2.602,
            2.583, 2.567, 2.552, 2.539, 2.528,
        ]
        return table[min(degreesOfFreedom, table.count) - 1]
    }
}
