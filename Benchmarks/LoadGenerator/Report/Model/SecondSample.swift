/// What happened in one second of a run.
package struct SecondSample: Codable, Equatable, Sendable {
    /// Whole seconds since the run's start, which all processes share.
    var second: Int
    /// Messages whose intended send time was in this second.
    var offered = 0
    /// Messages that were sent, late ones included.
    var sent = 0
    /// Messages that the server accepted: their POST was answered with a status of 200 to 299.
    var answered = 0
    /// Frames with a message that were read.
    var delivered = 0
    /// Bytes that were read from the server, above TCP; 0 when they were not counted.
    var receivedByteCount = 0
    /// Bytes that were sent to the server, above TCP; 0 when they were not counted.
    var sentByteCount = 0
    /// Connections with an open stream at the end of the second.
    var openConnections = 0
    /// Streams that the scenario closed, or kept from reading until the server closed them, and that are not open
    /// again.
    var awayConnections = 0
    /// Streams that connected again after the server had ended them.
    var reconnects = 0
    /// Latencies of the deliveries read in this second, with two significant digits
    /// (`LatencyRecorder.secondSignificantDigits`).
    var latency = LatencyDistribution(significantDigits: LatencyRecorder.secondSignificantDigits)

    /// Adds the sample of another process for the same second.
    mutating func merge(_ other: SecondSample) {
        precondition(second == other.second, "samples of the same second merge")
        offered += other.offered
        sent += other.sent
        answered += other.answered
        delivered += other.delivered
        receivedByteCount += other.receivedByteCount
        sentByteCount += other.sentByteCount
        openConnections += other.openConnections
        awayConnections += other.awayConnections
        reconnects += other.reconnects
        latency.merge(other.latency)
    }
}
