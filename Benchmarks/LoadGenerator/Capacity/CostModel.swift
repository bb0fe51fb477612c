/// What each stream, delivery and message costs a server, fitted to runs.
package struct CostModel: Codable, Equatable, Sendable {
    /// A sum of terms, none of them negative, and how well it foretells.
    package struct Fit: Codable, Equatable, Sendable {
        /// What the node costs that serves nothing.
        var base: Double
        /// For each stream.
        var perConnection: Double
        /// For each delivery a second.
        var perDelivery: Double
        /// For each message a second; 0 when it is part of its deliveries' (`Measured.tellsMessagesFromDeliveries`).
        var perMessage: Double
        /// Runs that it rests on.
        var sampleCount: Int
        /// The median of |foretold − measured| / measured, each run foretold by a fit to the others.
        var heldOutErrorMedian: Double
        /// The greatest of those errors.
        var heldOutErrorMax: Double

        /// The sum for a load on one node.
        func value(connections: Double, deliveriesPerSecond: Double, messagesPerSecond: Double) -> Double {
            base + perConnection * connections + perDelivery * deliveriesPerSecond + perMessage * messagesPerSecond
        }
    }

    /// The greatest load that was measured: beyond it a figure is extrapolated.
    package struct Measured: Codable, Equatable, Sendable {
        /// Open streams.
        var connectionCount: Double
        /// Deliveries a second.
        var deliveriesPerSecond: Double
        /// Messages a second.
        var messagesPerSecond: Double
        /// The fewest and the most deliveries a message; 0 when no message was sent.
        var membersPerShopMin: Double
        var membersPerShopMax: Double

        /// Whether the cost of a message can be told from that of its deliveries: only when their ratio varied.
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
    /// The greatest load that was measured.
    var measured: Measured

    private struct Terms: OptionSet {
        let rawValue: Int
        static let base = Terms(rawValue: 1)
        static let connection = Terms(rawValue: 2)
        static let delivery = Terms(rawValue: 4)
        static let message = Terms(rawValue: 8)
    }

    /// Fits `samples`; nil with fewer than five, which could not tell four terms from chance. O(n² × 2ᵏ).
    package init?(_ samples: [CostSample]) {
        guard samples.count >= 5 else { return nil }
        let members = samples.filter { $0.messagesPerSecond > 0 }.map { $0.deliveriesPerSecond / $0.messagesPerSecond }
        let measured = Measured(
            connectionCount: samples.map(\.connectionCount).max() ?? 0,
            deliveriesPerSecond: samples.map(\.deliveriesPerSecond).max() ?? 0,
            messagesPerSecond: samples.map(\.messagesPerSecond).max() ?? 0,
            membersPerShopMin: members.min() ?? 0, membersPerShopMax: members.max() ?? 0)
        // Without that, deliveries carry the cost of their message too.
        let traffic: Terms = measured.tellsMessagesFromDeliveries ? [.delivery, .message] : .delivery
        processors = Self.fit(samples, traffic.union([.base, .connection])) { $0.processors }
        // Memory is held by streams; what deliveries borrow is given back.
        userBytes = Self.fitMeasured(samples, [.base, .connection], \.userByteCount)
        kernelBytes = Self.fitMeasured(samples, [.connection], \.kernelByteCount)
        networkBytes = Self.fitMeasured(samples, traffic, \.networkBytesPerSecond)
        self.measured = measured
    }

    private static func fitMeasured(
        _ samples: [CostSample], _ terms: Terms, _ path: KeyPath<CostSample, Double?>
    ) -> Fit? {
        let measured = samples.filter { $0[keyPath: path] != nil }
        return measured.count < 5 ? nil : fit(measured, terms) { $0[keyPath: path] ?? 0 }
    }

    private static func fit(_ samples: [CostSample], _ terms: Terms, of target: (CostSample) -> Double) -> Fit {
        var result = solve(samples, terms, target)
        var errors: [Double] = []
        for index in samples.indices {
            var others = samples
            let heldOut = others.remove(at: index)
            let measured = target(heldOut)
            guard measured > 0 else { continue }
            let foretold = solve(others, terms, target).value(
                connections: heldOut.connectionCount, deliveriesPerSecond: heldOut.deliveriesPerSecond,
                messagesPerSecond: heldOut.messagesPerSecond)
            errors.append(abs(foretold - measured) / measured)
        }
        result.heldOutErrorMedian = Statistics.median(errors) ?? 0
        result.heldOutErrorMax = errors.max() ?? 0
        return result
    }

    private static func solve(_ samples: [CostSample], _ terms: Terms, _ target: (CostSample) -> Double) -> Fit {
        let targets = samples.map(target)
        let greatest = targets.max() ?? 0
        // Noise is in proportion to the figure, so errors count in proportion too; what is next to nothing must not
        // count beyond measure.
        let weights = targets.map { 1 / max($0, greatest * 0.02, .leastNormalMagnitude) }
        let use = { (term: Terms, value: Double) in terms.contains(term) ? value : 0 }
        let rows = samples.map { sample in
            [
                use(.base, 1), use(.connection, sample.connectionCount), use(.delivery, sample.deliveriesPerSecond),
                use(.message, sample.messagesPerSecond),
            ]
        }
        let found = LeastSquares.nonNegative(rows: rows, targets: targets, weights: weights)
        return Fit(
            base: found[0], perConnection: found[1], perDelivery: found[2], perMessage: found[3],
            sampleCount: samples.count, heldOutErrorMedian: 0, heldOutErrorMax: 0)
    }
}
