/// The load and the machines to plan for.
package struct Demand: Codable, Equatable, Sendable {
    /// A machine that a server runs on.
    package struct Node: Codable, Equatable, Sendable {
        /// Processors.
        var processorCount: Double
        /// Bytes of memory.
        var memoryByteCount: Double
        /// Bytes per second, both directions together.
        var networkBytesPerSecond: Double

        package init(processorCount: Double, memoryByteCount: Double, networkBytesPerSecond: Double) {
            self.processorCount = processorCount
            self.memoryByteCount = memoryByteCount
            self.networkBytesPerSecond = networkBytesPerSecond
        }
    }

    /// Open streams, over all nodes.
    var connectionCount: Double
    /// Messages a second, over all shops.
    var messagesPerSecond: Double
    /// The number of streams that receive a message.
    var membersPerShop: Double
    /// The share of each resource that must remain free, 0 to below 1.
    var headroom: Double
    /// The largest share of the processors that may be busy while the latency stays within its bound, 0 to 1: the busy
    /// share at the knee (`CapacityReport.processorShare(keeping:)`). Nil when it is unknown; then only the headroom
    /// counts.
    var processorShareMax: Double?
    /// The available machines.
    var node: Node

    /// Creates a demand. Negative figures, or a headroom that leaves nothing, stop the process.
    package init(
        connectionCount: Double, messagesPerSecond: Double, membersPerShop: Double, headroom: Double, node: Node,
        processorShareMax: Double? = nil
    ) {
        precondition(connectionCount >= 0 && messagesPerSecond >= 0 && membersPerShop >= 0, "a demand is positive")
        precondition(headroom >= 0 && headroom < 1, "headroom leaves something to use")
        precondition(processorShareMax.map { $0 > 0 && $0 <= 1 } ?? true, "a share is above 0 and at most 1")
        self.connectionCount = connectionCount
        self.messagesPerSecond = messagesPerSecond
        self.membersPerShop = membersPerShop
        self.headroom = headroom
        self.node = node
        self.processorShareMax = processorShareMax
    }

    /// The part of a resource that may be used.
    func usableShare(of quantity: CapacityPlan.Quantity) -> Double {
        quantity == .processors ? min(1 - headroom, processorShareMax ?? 1) : 1 - headroom
    }

    /// Deliveries a second, over all nodes.
    var deliveriesPerSecond: Double { messagesPerSecond * membersPerShop }
}
