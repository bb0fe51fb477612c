/// The highest rate that a server keeps to an objective at, with a number of streams.
package struct Knee: Codable, Equatable, Sendable {
    /// Open streams.
    let connectionCount: Int
    /// What was to be kept to.
    let objective: Objective
    /// The highest rate that passed, messages a second; nil when even the lowest failed.
    let messagesPerSecond: Double?
    /// The lowest rate that failed; nil when the search's highest rate passed: the knee is then further out.
    let failingMessagesPerSecond: Double?
    /// What was full where it failed; nil when nothing that was watched was.
    let limit: Resource?

    /// The share from which a resource counts as full.
    static let fullShareMin = 0.8

    /// What was full in `observation`: the fullest resource from `fullShareMin` on. The generator comes first, since
    /// with it at its limit nothing else is known.
    static func limit(in observation: Observation) -> Resource? {
        if observation.shares[.generator] ?? 0 >= 1 { return .generator }
        let full = observation.shares.filter { $0.key != .generator && $0.value >= fullShareMin }
        return full.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
    }
}
