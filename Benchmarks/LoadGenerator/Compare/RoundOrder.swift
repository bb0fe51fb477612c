/// The order in which two ways are measured against each other.
package enum RoundOrder {
    /// One of the two.
    package enum Way: String, Codable, Sendable {
        case a
        case b
    }

    /// The runs of `roundCount` rounds, two a round: A B, B A, A B, … The first of a round changes, so that a machine
    /// that grows warmer or fuller with each run favours neither.
    package static func runs(roundCount: Int) -> [Way] {
        precondition(roundCount >= 0, "rounds are counted")
        return (0..<roundCount).flatMap { $0.isMultiple(of: 2) ? [Way.a, .b] : [.b, .a] }
    }
}
