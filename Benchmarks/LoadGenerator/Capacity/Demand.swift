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
    /// The machines to be had.
    var node: Node

    /// A demand; negative figures and a headroom that leaves nothing stop the process.
    package init(
        connectionCount: Double, messagesPerSecond: Double, membersPerShop: Double, headroom: Double, node: Node
    ) {
        precondition(connectionCount >= 0 && messagesPerSecond >= 0 && membersPerShop >= 0, "a demand is positive")
        precondition(headroom >= 0 && headroom < 1, "headroom leaves something to use")
        self.connectionCount = connectionCount
        self.messagesPerSecond = messagesPerSecond
        self.membersPerShop = membersPerShop
        self.headroom = headroom
        self.node = node
    }

    /// Deliveries a second, over all nodes.
    var deliveriesPerSecond: Double { messagesPerSecond * membersPerShop }
}
