/// The latencies of a run, in nanoseconds with three significant digits.
package struct Latencies: Codable, Equatable, Sendable {
    /// From the time at which a message was meant to be sent to its frame having been read, each delivery.
    var delivery = LatencyDistribution()
    /// The same for each of the scenario's groups of shops, in their order; empty when there is only one.
    var deliveryByGroup: [LatencyDistribution] = []
    /// From the time at which a POST was meant to be sent to the answer that the server took the message having been
    /// read.
    var post = LatencyDistribution()
    /// The same for a request of a list of messages.
    var list = LatencyDistribution()
    /// The same for a request of what a stream missed.
    var catchUp = LatencyDistribution()
    /// From the time at which a stream was first meant to connect to the answer to the upgrade, of streams that opened.
    var connect = LatencyDistribution()
    /// From the intended send time to the first member's frame, one value a message.
    var firstRecipient = LatencyDistribution()
    /// From the intended send time to the last member's frame, one value a message that reached all.
    var lastRecipient = LatencyDistribution()

    /// Adds the values of `other`. First and last recipient are those of all processes of a run: they find out by
    /// their common board.
    mutating func merge(_ other: Latencies) {
        delivery.merge(other.delivery)
        let missing = max(other.deliveryByGroup.count - deliveryByGroup.count, 0)
        deliveryByGroup += Array(repeating: LatencyDistribution(), count: missing)
        for (group, distribution) in other.deliveryByGroup.enumerated() { deliveryByGroup[group].merge(distribution) }
        post.merge(other.post)
        list.merge(other.list)
        catchUp.merge(other.catchUp)
        connect.merge(other.connect)
        firstRecipient.merge(other.firstRecipient)
        lastRecipient.merge(other.lastRecipient)
    }
}
