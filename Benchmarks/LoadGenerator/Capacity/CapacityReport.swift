import FoundationEssentials

/// What a capacity run found: knees, costs, and a plan when a demand was given.
package struct CapacityReport: Codable, Equatable, Sendable {
    /// The schema that this code writes and reads.
    package static let schemaVersionCurrent = 1

    /// The schema of this value.
    package let schemaVersion: Int
    /// Where the last run comes from; nil when nobody said.
    package let provenance: Provenance?
    /// Every run, in order.
    package let observations: [Observation]
    /// By streams and objective.
    package let knees: [Knee]
    /// The costs; nil when too few runs watched the server.
    package let model: CostModel?
    /// The plan; nil without a demand or a model.
    package let plan: CapacityPlan?

    /// The report of `observations` and the `knees` that a search found in them. Fits the costs anew, to the runs that
    /// reached their load: one that did not has a queue for a cost.
    package init(
        observations: [Observation], knees: [Knee], demand: Demand? = nil, provenance: Provenance? = nil
    ) throws(CapacityPlan.PlanError) {
        schemaVersion = Self.schemaVersionCurrent
        self.provenance = provenance
        self.observations = observations
        self.knees = knees
        let model = CostModel(observations.filter(\.isReached).compactMap(\.cost))
        self.model = model
        if let demand, let model { plan = try CapacityPlan(demand, by: model) } else { plan = nil }
    }

    /// The least busy share of the processors at the knees of `objective`, 0 to 1: how far a plan that keeps to it may
    /// fill them. Nil when no knee was found, or where the search ended before it.
    package func processorShare(keeping objective: Objective) -> Double? {
        let shares = knees.filter { $0.objective == objective && $0.failingMessagesPerSecond != nil }.compactMap {
            knee in
            Statistics.median(
                observations.filter { run in
                    run.point.connectionCount == knee.connectionCount
                        && run.point.messagesPerSecond == knee.messagesPerSecond && run.meets(objective)
                }.compactMap { $0.shares[.processor] })
        }
        // No share at all is no measure of what a plan may fill.
        return shares.filter { $0 > 0 }.min().map { min($0, 1) }
    }

    /// The JSON text in UTF-8.
    package func json() throws -> [UInt8] { try StableJSON.encode(self) }

    /// Reads what `json` wrote, or throws a `DecodingError`.
    package init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(CapacityReport.self, from: Data(json))
    }
}
