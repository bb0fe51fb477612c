/// The progress of the server's stop, as one shard sees it.
///
/// A shard without connections still owns shops and counts users, so it works for the others until all of them are
/// drained. A value without I/O; the shard reports each event once.
struct DrainProgress {
    private enum State: Hashable {
        /// Becomes `announced` or `draining`.
        case serving
        /// The stop is known, and load balancers have time to notice it. Becomes `draining`.
        case announced
        /// Connections are ending. Becomes `drained`.
        case draining
        /// This shard has no connection left and has notified the others. Final; they may still have some.
        case drained
    }

    private var state = State.serving
    /// Shards that reported to have no connections, this one included.
    private var drainedShardCount = 0

    /// Whether the stop is known: the server asks for no new clients.
    var isAnnounced: Bool { state != .serving }

    /// Whether the server is stopping: nothing new begins.
    var isDraining: Bool {
        switch state {
        case .serving, .announced: false
        case .draining, .drained: true
        }
    }

    /// Whether this shard has ended all its connections.
    var isDrained: Bool { state == .drained }

    /// The stop will begin.
    mutating func announced() {
        if state == .serving { state = .announced }
    }

    /// The stop begins. False when it had begun already.
    mutating func began() -> Bool {
        guard !isDraining else { return false }
        state = .draining
        return true
    }

    /// This shard has no connection left. True the first time: the caller then notifies the other shards.
    mutating func connectionsEnded() -> Bool {
        guard state == .draining else { return false }
        state = .drained
        return true
    }

    /// A shard reported that it has no connection left.
    mutating func shardDrained() { drainedShardCount += 1 }

    /// Whether none of `shardCount` shards has a connection left, so that this one may stop.
    func isComplete(shardCount: Int) -> Bool { state == .drained && drainedShardCount == shardCount }
}
