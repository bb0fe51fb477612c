import Primitives

@testable import LoadGenerator

/// A server with known costs: its latency rises as the reciprocal of the CPU that it has left.
struct SyntheticServer {
    var processorCount = 2.0
    var base = 0.02
    var perConnection = 2e-6
    var perDelivery = 3e-6
    var perMessage = 60e-6
    var membersPerShop = 100.0
    /// The p99 of an idle server in nanoseconds.
    var idleP99 = 2_000_000.0
    /// The greatest part by which a figure strays, either way.
    var noise = 0.0
    /// One run in so many is spoilt by something else, and ten times as slow; 0 for none.
    var spoiltRunInterval = 0
    var random = SeededGenerator(seed: 1)

    /// Processors' worth of CPU that a load takes.
    func processors(_ point: LoadPoint) -> Double {
        base + perConnection * Double(point.connectionCount)
            + (perDelivery * members(point) + perMessage) * point.messagesPerSecond
    }

    private func members(_ point: LoadPoint) -> Double { point.membersPerShop.map { Double($0) } ?? membersPerShop }

    /// The rate at which the p99 is `bound` nanoseconds, without noise.
    func knee(connectionCount: Int, p99 bound: Double) -> Double {
        let used = (1 - idleP99 / bound) * processorCount - base - perConnection * Double(connectionCount)
        return used / (perDelivery * membersPerShop + perMessage)
    }

    /// Runs a load.
    mutating func run(_ point: LoadPoint) -> Observation {
        let used = processors(point)
        let share = used / processorCount
        let spoilt = spoiltRunInterval > 0 && Int.random(in: 0..<spoiltRunInterval, using: &random) == 0
        let p99 = idleP99 / max(1 - share, 0.001) * stray() * (spoilt ? 10 : 1)
        let seconds = 10.0
        return Observation(
            point: point, p99Nanoseconds: UInt64(p99), isReached: share < 1,
            acceptedCount: Int(point.messagesPerSecond * seconds), serverProcessID: 1,
            shares: [.processor: min(share, 1), .generator: 0.3], cost: sample(point))
    }

    /// A row of the fit, with noise.
    mutating func row(_ point: LoadPoint) -> CostRow { CostRow(point: point, cost: sample(point)) }

    /// What a load costs, with noise.
    mutating func sample(_ point: LoadPoint) -> CostSample {
        let connections = Double(point.connectionCount)
        let deliveries = point.messagesPerSecond * members(point)
        return CostSample(
            connectionCount: connections, deliveriesPerSecond: deliveries,
            messagesPerSecond: point.messagesPerSecond, processors: processors(point) * stray(),
            userByteCount: (9e6 + 354 * connections) * stray(), kernelByteCount: 4600 * connections * stray(),
            networkBytesPerSecond: (620 * deliveries + 900 * point.messagesPerSecond) * stray())
    }

    private mutating func stray() -> Double {
        noise == 0 ? 1 : 1 + Double.random(in: -noise...noise, using: &random)
    }
}
