/// What a plan is to be made for.
package struct Demand: Codable, Equatable, Sendable {
    /// A machine that a server runs on.
    package struct Node: Codable, Equatable, Sendable {
        /// Processors.
        var processorCount: Double
        /// Bytes of memory.
        var memoryByteCount: Double
        /// Bytes a second, both ways together.
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
    /// Streams that a message goes to.
    var membersPerShop: Double
    /// The part of each resource that stays free, 0 to below 1.
    var headroom: Double
    /// The greatest part of the processors that may be busy for the latency to stay within its bound, 0 to 1: the
    /// busy share at the knee (`CapacityReport.processorShare(keeping:)`). Nil when it is unknown, and only headroom
    /// counts.
    var processorShareMax: Double?
    /// The machines to be had.
    var node: Node

    /// A demand; negative figures and a headroom that leaves nothing stop the process.
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
