/// The latencies of a run, in nanoseconds with three significant digits.
package struct Latencies: Codable, Equatable, Sendable {
    /// From the time at which a message was meant to be sent to its frame having been read, each delivery.
    var delivery = LatencyDistribution()
    /// From the time at which a POST was meant to be sent to its answer having been read.
    var post = LatencyDistribution()
    /// From the start of `connect` to the answer to the upgrade.
    var connect = LatencyDistribution()
    /// From the intended send time to the first member's frame, one value a message.
    var firstRecipient = LatencyDistribution()
    /// From the intended send time to the last member's frame, one value a message that reached all.
    var lastRecipient = LatencyDistribution()

    /// Adds the values of `other`.
    ///
    /// First and last recipient are those among the connections of one process, so that processes must not share
    /// shops if those two are to be exact.
    mutating func merge(_ other: Latencies) {
        delivery.merge(other.delivery)
        post.merge(other.post)
        connect.merge(other.connect)
        firstRecipient.merge(other.firstRecipient)
        lastRecipient.merge(other.lastRecipient)
    }
}
