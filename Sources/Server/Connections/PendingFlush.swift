import Primitives

/// What a shard has to do with the end of the turn beside the hub's sends.
struct PendingFlush {
    /// Whether the hub may have something to send.
    var isNeeded = false
    /// Connections whose close frame went out in the submission in flight.
    var sentCloseFrames: [ConnectionID] = []
    /// When the publications of this turn came, for the metric of their latency.
    var publishedAt: [MonotonicInstant] = []
}
