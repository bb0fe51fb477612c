import FoundationEssentials

/// What a capacity run found: knees, costs, and a plan when a demand was given.
package struct CapacityReport: Codable, Equatable, Sendable {
    /// Why a file is not a report that this code can read.
    package enum ReadError: Error, Equatable {
        /// It is not JSON of this shape; the text says where.
        case malformed(String)
        /// It has another schema than `schemaVersionCurrent`.
        case schema(Int)
    }

    /// The schema that this code writes and reads.
    package static let schemaVersionCurrent = 2

    /// The schema of this value.
    package let schemaVersion: Int
    /// Where the last run comes from; nil when nobody said.
    package let provenance: Provenance?
    /// What all runs have in common, by name: with any of it different, figures do not belong together.
    package let setting: [String: String]
    /// Every run, in order.
    package let observations: [Observation]
    /// By streams and objective: those that were found.
    package let knees: [Knee]
    /// The costs; nil when too few runs watched the server.
    package let model: CostModel?
    /// The plan; nil without a demand, and when there is a `refusal`.
    package let plan: CapacityPlan?
    /// Why there is no plan although a demand was given; nil otherwise.
    package let refusal: String?

    /// The report of `observations` and the `knees` that a search found in them. Fits the costs anew. Of the demand,
    /// the processors' share at the knee is what was found, unless it has one.
    package init(
        observations: [Observation], knees: [Knee], demand: Demand? = nil, setting: [String: String] = [:],
        provenance: Provenance? = nil
    ) {
        let rows = CostRow.rows(of: observations)
        let model = CostModel(rows)
        let found = demand.map { demand -> Result<CapacityPlan, CapacityPlan.PlanError> in
            guard let model else { return .failure(.tooFewPoints(Set(rows.map(\.point)).count)) }
            var demand = demand
            demand.processorShareMax = demand.processorShareMax ?? Self.processorShare(knees, observations)
            return Result { () throws(CapacityPlan.PlanError) in try CapacityPlan(demand, by: model) }
        }
        schemaVersion = Self.schemaVersionCurrent
        self.provenance = provenance
        self.setting = setting
        self.observations = observations
        self.knees = knees
        self.model = model
        switch found {
        case .success(let plan): (self.plan, refusal) = (plan, nil)
        case .failure(let error): (plan, refusal) = (nil, error.description)
        case nil: (plan, refusal) = (nil, nil)
        }
    }

    /// The names of what is different between the setting of these runs and `setting`, in order.
    package func differences(from setting: [String: String]) -> [String] {
        Set(self.setting.keys).union(setting.keys).filter { self.setting[$0] != setting[$0] }.sorted()
    }

    /// The least busy share of the processors at the `knees`, 0 to 1: how far a plan that keeps to their objectives may
    /// fill them. Nil when there is none to learn from.
    ///
    /// A knee at which something else was full, the generator above all, says nothing of the processors, and neither
    /// does one where the search ended before it. Where nothing that was watched was full, latency rose with the
    /// server's own load.
    static func processorShare(_ knees: [Knee], _ observations: [Observation]) -> Double? {
        let telling = knees.filter { knee in
            knee.failingMessagesPerSecond != nil && (knee.limit == nil || knee.limit == .processor)
        }
        let shares = telling.compactMap { knee in
            Statistics.median(
                observations.filter { run in
                    run.point.connectionCount == knee.connectionCount
                        && run.point.messagesPerSecond == knee.messagesPerSecond && run.meets(knee.objective)
                }.compactMap { $0.shares[.processor] })
        }
        // No share at all is no measure of what a plan may fill.
        return shares.filter { $0 > 0 }.min().map { min($0, 1) }
    }

    /// The JSON text in UTF-8.
    package func json() throws -> [UInt8] { try StableJSON.encode(self) }

    /// Reads what `json` wrote.
    package init(json: [UInt8]) throws(ReadError) {
        struct Schema: Decodable { let schemaVersion: Int }
        do {
            let version = try JSONDecoder().decode(Schema.self, from: Data(json)).schemaVersion
            guard version == Self.schemaVersionCurrent else { throw ReadError.schema(version) }
            self = try JSONDecoder().decode(CapacityReport.self, from: Data(json))
        } catch let error as ReadError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }
}
