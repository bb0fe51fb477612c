/// How long turns of the loop took, from their first work to the next look for completions: what arrives meanwhile waits
/// for so long. Counts by bounds.
public struct LoopLag: Sendable {
    /// The upper bounds of the counts, in seconds; the last count has none.
    public static let bounds: [Double] = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
    ]
    private static let nanosecondBounds = bounds.map { UInt64($0 * 1e9) }

    /// One count for each bound, and one for longer turns.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// All turns together, in nanoseconds.
    public private(set) var totalNanoseconds: UInt64 = 0

    /// No turns.
    public init() {}

    /// Counts a turn. Most are below the first bound.
    mutating func turnTook(_ nanoseconds: UInt64) {
        totalNanoseconds += nanoseconds
        counts[Self.nanosecondBounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count] += 1
    }
}
