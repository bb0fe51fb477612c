import Glibc

/// The ratio of two variants from rounds that measured both, with its confidence interval.
///
/// A disturbance of the machine that lasts minutes affects both runs of a round, so ratios within rounds vary less than
/// the figures. The logarithms of the ratios are averaged. The interval is Student's t at 98 %, which reports a
/// difference of equal variants in one comparison of fifty. Seven rounds find a difference of 10 % among runs that vary
/// by 3 %. An outlying round widens the interval: the answer is then "noise", not a wrong one.
package struct PairedRatio: Codable, Equatable, Sendable {
    /// The confidence level of the interval.
    static let confidence = 0.98

    /// B divided by A: the geometric mean of the rounds' ratios.
    let ratio: Double
    /// The ends of the interval.
    let low: Double
    let high: Double

    /// Whether the interval excludes 1.
    var isDifferent: Bool { low > 1 || high < 1 }

    /// The ratio of `b` to `a`, with one figure per round in the same order, all above 0. Nil with fewer than three
    /// rounds, which show no spread, or with a figure that is not above 0. O(rounds).
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

    /// Student's t that 1 % of values exceed. Beyond 20 degrees of freedom that of 20, which is slightly too wide.
    private static func quantile(degreesOfFreedom: Int) -> Double {
        let table = [
            31.821, 6.965, 4.541, 3.747, 3.365, 3.143, 2.998, 2.896, 2.821, 2.764, 2.718, 2.681, 2.650, 2.624, 2.602,
            2.583, 2.567, 2.552, 2.539, 2.528,
        ]
        return table[min(degreesOfFreedom, table.count) - 1]
    }
}
