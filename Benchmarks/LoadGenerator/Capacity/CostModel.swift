/// The cost of each stream, delivery and message to a server, fitted to runs.
package struct CostModel: Codable, Equatable, Sendable {
    /// A sum of terms, none of them negative, and its prediction error.
    package struct Fit: Codable, Equatable, Sendable {
        /// The cost of an idle node. Includes that of all streams unless `Measured.tellsConnectionsFromBase`.
        var base: Double
        /// The cost of each stream.
        var perConnection: Double
        /// The cost of each delivery per second.
        var perDelivery: Double
        /// The cost of each message per second; 0 when it is part of the deliveries'
        /// (`Measured.tellsMessagesFromDeliveries`).
        var perMessage: Double
        /// The cost of each message of earlier runs, which a store in the server's memory keeps. Not part of a plan.
        var perStoredMessage: Double
        /// The number of runs in the fit.
        var sampleCount: Int
        /// The median of |predicted − measured| / measured, where each run is predicted by a fit to the runs of other
        /// load points.
        var heldOutErrorMedian: Double
        /// The largest of those errors.
        var heldOutErrorMax: Double

        /// The sum for a load on one node.
        func value(connections: Double, deliveriesPerSecond: Double, messagesPerSecond: Double) -> Double {
            base + perConnection * connections + perDelivery * deliveriesPerSecond + perMessage * messagesPerSecond
        }
    }

    /// The largest load that was measured. Figures beyond it are extrapolated.
    package struct Measured: Codable, Equatable, Sendable {
        /// The fewest open streams.
        var connectionCountMin: Double
        /// Open streams.
        var connectionCount: Double
        /// Deliveries a second.
        var deliveriesPerSecond: Double
        /// Messages a second.
        var messagesPerSecond: Double
        /// The smallest and largest number of deliveries per message; 0 when no message was sent.
        var membersPerShopMin: Double
        var membersPerShopMax: Double

        /// Whether the cost of a stream can be separated from that of the node: only when the number of streams varied.
        var tellsConnectionsFromBase: Bool { connectionCount >= 2 * connectionCountMin && connectionCount > 0 }

        /// Whether the cost of a message can be separated from that of its deliveries: only when their ratio varied.
        var tellsMessagesFromDeliveries: Bool { membersPerShopMax > membersPerShopMin * 1.5 }
    }

    /// Processors.
    var processors: Fit
    /// Bytes of the process's resident memory; nil when not measured.
    var userBytes: Fit?
    /// Bytes of the kernel's memory; nil when not measured.
    var kernelBytes: Fit?
    /// Bytes a second; nil when not measured.
    var networkBytes: Fit?
    /// The largest load that was measured.
    var measured: Measured

    /// With fewer points, four terms cannot be distinguished from chance.
    static let pointCountMin = 5

    private struct Terms: OptionSet {
        let rawValue: Int
        static let base = Terms(rawValue: 1)
        static let connection = Terms(rawValue: 2)
        static let delivery = Terms(rawValue: 4)
        static let message = Terms(rawValue: 8)
        static let stored = Terms(rawValue: 16)
    }

    /// Fits `rows`; nil with fewer than `pointCountMin` load points. O(points × rows × 2ᵏ).
    init?(_ rows: [CostRow]) {
        guard Set(rows.map(\.point)).count >= Self.pointCountMin else { return nil }
        let samples = rows.map(\.cost)
        let members = samples.filter { $0.messagesPerSecond > 0 }.map { $0.deliveriesPerSecond / $0.messagesPerSecond }
        let measured = Measured(
            connectionCountMin: samples.map(\.connectionCount).min() ?? 0,
            connectionCount: samples.map(\.connectionCount).max() ?? 0,
            deliveriesPerSecond: samples.map(\.deliveriesPerSecond).max() ?? 0,
            messagesPerSecond: samples.map(\.messagesPerSecond).max() ?? 0,
            membersPerShopMin: members.min() ?? 0, membersPerShopMax: members.max() ?? 0)
        // Otherwise deliveries include the cost of their message, and the node that of its streams.
        let traffic: Terms = measured.tellsMessagesFromDeliveries ? [.delivery, .message] : .delivery
        let holding: Terms = measured.tellsConnectionsFromBase ? [.base, .connection] : .base
        processors = Self.fit(rows, traffic.union(holding)) { $0.processors }
        // Sampled before sending: memory is used by the streams and by what earlier runs left in the store.
        userBytes = Self.fitMeasured(rows, holding.union(.stored), \.userByteCount)
        kernelBytes = Self.fitMeasured(rows, .connection, \.kernelByteCount)
        networkBytes = Self.fitMeasured(rows, traffic, \.networkBytesPerSecond)
        self.measured = measured
    }

    private static func fitMeasured(
        _ rows: [CostRow], _ terms: Terms, _ path: KeyPath<CostSample, Double?>
    ) -> Fit? {
        let measured = rows.filter { $0.cost[keyPath: path] != nil }
        guard Set(measured.map(\.point)).count >= pointCountMin else { return nil }
        return fit(measured, terms) { $0[keyPath: path] ?? 0 }
    }

    private static func fit(_ rows: [CostRow], _ terms: Terms, of target: (CostSample) -> Double) -> Fit {
        var result = solve(rows, terms, target)
        var errors: [Double] = []
        for (point, heldOut) in Dictionary(grouping: rows, by: \.point) {
            let others = solve(rows.filter { $0.point != point }, terms, target)
            errors += heldOut.filter { target($0.cost) > 0 }.map { row in
                let measured = target(row.cost)
                return abs(others.value(row) - measured) / measured
            }
        }
        result.heldOutErrorMedian = Statistics.median(errors) ?? 0
        result.heldOutErrorMax = errors.max() ?? 0
        return result
    }

    private static func solve(_ rows: [CostRow], _ terms: Terms, _ target: (CostSample) -> Double) -> Fit {
        let targets = rows.map { target($0.cost) }
        let greatest = targets.max() ?? 0
        // Noise is proportional to the figure, so errors are weighted in proportion too. Figures near zero must not get
        // excessive weight.
        let weights = targets.map { 1 / max($0, greatest * 0.02, .leastNormalMagnitude) }
        let use = { (term: Terms, value: Double) in terms.contains(term) ? value : 0 }
        let columns = rows.map { row in
            [
                use(.base, 1), use(.connection, row.cost.connectionCount),
                use(.delivery, row.cost.deliveriesPerSecond), use(.message, row.cost.messagesPerSecond),
                use(.stored, row.storedMessageCount),
            ]
        }
        let found = LeastSquares.nonNegative(rows: columns, targets: targets, weights: weights)
        return Fit(
            base: found[0], perConnection: found[1], perDelivery: found[2], perMessage: found[3],
            perStoredMessage: found[4], sampleCount: rows.count, heldOutErrorMedian: 0, heldOutErrorMax: 0)
    }
}

extension CostModel.Fit {
    /// The predicted value for a row's load.
    fileprivate func value(_ row: CostRow) -> Double {
        value(
            connections: row.cost.connectionCount, deliveriesPerSecond: row.cost.deliveriesPerSecond,
            messagesPerSecond: row.cost.messagesPerSecond) + perStoredMessage * row.storedMessageCount
    }
}

/// A row of the fit: the cost of a run, and what the server's process already held.
struct CostRow {
    /// The load. Runs of the same point do not test how well the fit predicts each other.
    let point: LoadPoint
    /// What it cost.
    var cost: CostSample
    /// Messages that the process accepted in earlier runs and that a store in memory still keeps.
    var storedMessageCount = 0.0

    /// The rows of `observations`, in order. Only of runs that reached their load, as otherwise a queue is part of the
    /// cost.
    ///
    /// A process keeps resident memory that streams once took. It is therefore known only for runs with at least as
    /// many streams as any run before.
    static func rows(of observations: [Observation]) -> [CostRow] {
        var past: [Int?: (stored: Int, streams: Double)] = [:]
        return observations.compactMap { run in
            let before = past[run.serverProcessID] ?? (stored: 0, streams: 0)
            let streams = run.cost?.connectionCount ?? 0
            past[run.serverProcessID] = (before.stored + run.acceptedCount, max(before.streams, streams))
            guard run.isReached, var cost = run.cost else { return nil }
            if streams < before.streams * 0.99 { cost.userByteCount = nil }
            return CostRow(point: run.point, cost: cost, storedMessageCount: Double(before.stored))
        }
    }
}
