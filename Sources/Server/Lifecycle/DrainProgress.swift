/// How far the stop of the server is, as one shard sees it.
///
/// A shard without connections still owns shops and counts users, so it works for the others until all of them are
/// drained. A value without I/O; the shard reports each event once.
struct DrainProgress {
    private enum State: Hashable {
        /// Becomes `draining`.
        case serving
        /// Connections are ending. Becomes `drained`.
        case draining
        /// This shard has no connection left, and the others know. Final; they may still have some.
        case drained
    }

    private var state = State.serving
    /// Shards that reported to have no connections, this one included.
    private var drainedShardCount = 0

    /// Whether the server stops: nothing new begins.
    var isDraining: Bool { state != .serving }

    /// The server stops. False when that is known already.
    mutating func began() -> Bool {
        guard state == .serving else { return false }
        state = .draining
        return true
    }

    /// This shard has no connection left. True the first time: the other shards are to be notified.
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
