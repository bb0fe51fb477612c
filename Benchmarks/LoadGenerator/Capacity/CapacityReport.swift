import FoundationEssentials

/// The result of a capacity run: knees, costs, and a plan when a demand was given.
package struct CapacityReport: Codable, Equatable, Sendable {
    /// Why a file cannot be read as a report.
    package enum ReadError: Error, Equatable {
        /// It is not JSON of this shape; the text names the place.
        case malformed(String)
        /// Its schema is not `schemaVersionCurrent`.
        case schema(Int)
    }

    /// The schema that this code writes and reads.
    package static let schemaVersionCurrent = 2

    /// The schema of this value.
    package let schemaVersion: Int
    /// The provenance of the last run; nil when it is unknown.
    package let provenance: Provenance?
    /// The setting that all runs share, by name. Figures of runs with different settings cannot be combined.
    package let setting: [String: String]
    /// Every run, in order.
    package let observations: [Observation]
    /// The knees that were found, by streams and objective.
    package let knees: [Knee]
    /// The costs; nil when too few runs watched the server.
    package let model: CostModel?
    /// The plan; nil without a demand, and when there is a `refusal`.
    package let plan: CapacityPlan?
    /// Why there is no plan although a demand was given; nil otherwise.
    package let refusal: String?

    /// Creates the report of `observations` and of the `knees` that a search found in them. Fits the costs again.
    /// Unless the demand has a processor share, the one at the knee is used.
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

    /// The names of the settings that differ between these runs and `setting`, in order.
    package func differences(from setting: [String: String]) -> [String] {
        Set(self.setting.keys).union(setting.keys).filter { self.setting[$0] != setting[$0] }.sorted()
    }

    /// The least busy share of the processors at the `knees`, 0 to 1: how far a plan that keeps to their objectives may
    /// fill them. Nil when no knee shows it.
    /// A knee at which something else was full, such as the generator, says nothing about the processors. Neither does
    /// a knee beyond the end of the search. Where nothing that was watched was full, latency rose because of the
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
        // A share of 0 does not show how far processors may be filled.
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
