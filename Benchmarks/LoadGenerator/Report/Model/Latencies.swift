/// The latencies of a run, in nanoseconds with three significant digits.
package struct Latencies: Codable, Equatable, Sendable {
    /// From the intended send time to the frame being read, for each delivery.
    var delivery = LatencyDistribution()
    /// The same for each of the scenario's groups of shops, in their order; empty when there is only one.
    var deliveryByGroup: [LatencyDistribution] = []
    /// From the intended send time of a POST to its successful response being read.
    var post = LatencyDistribution()
    /// The same for a list request.
    var list = LatencyDistribution()
    /// The same for a catch-up request.
    var catchUp = LatencyDistribution()
    /// From the intended send time of a message that a stream missed to the list with it being read.
    var late = LatencyDistribution()
    /// From the first intended connect time to the response to the upgrade, for streams that opened.
    var connect = LatencyDistribution()
    /// From the intended send time to the first member's frame, one value per message.
    var firstRecipient = LatencyDistribution()
    /// From the intended send time to the last member's frame, one value per message that reached all.
    var lastRecipient = LatencyDistribution()

    /// Adds the values of `other`. First and last recipient are those over all processes of a run, which determine them
    /// through their shared board.
    mutating func merge(_ other: Latencies) {
        delivery.merge(other.delivery)
        let missing = max(other.deliveryByGroup.count - deliveryByGroup.count, 0)
        deliveryByGroup += Array(repeating: LatencyDistribution(), count: missing)
        for (group, distribution) in other.deliveryByGroup.enumerated() { deliveryByGroup[group].merge(distribution) }
        post.merge(other.post)
        list.merge(other.list)
        catchUp.merge(other.catchUp)
        late.merge(other.late)
        connect.merge(other.connect)
        firstRecipient.merge(other.firstRecipient)
        lastRecipient.merge(other.lastRecipient)
    }
}
