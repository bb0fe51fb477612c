import Primitives

/// What a shard has to do at the end of the turn, in addition to the hub's sends.
struct PendingFlush {
    /// Whether the hub may have something to send.
    var isNeeded = false
    /// Connections whose close frame was sent in the submission in flight.
    var sentCloseFrames: [ConnectionID] = []
    /// The memory for the frame of a publication; empty between them.
    var frame: [UInt8] = []
    /// The times of this turn's publications, for the metric of their latency.
    var publishedAt: [MonotonicInstant] = []
    /// The spans of sends that the hub has not finished.
    var sends: [OTLPSpan] = []
}
