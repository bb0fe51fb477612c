/// A retained frame: where it starts, and the laggards whose cursors lie in it.
///
/// The frames make the oldest cursor, the slow consumers and the boundaries O(1): the first frame with a list that is
/// not empty is where the log is trimmed to, and a frame that passes a limit names those that are too far behind.
/// The last record is the open frame, which starts at the tail and has no bytes yet.
struct LogFrame: BitwiseCopyable {
    let start: UInt64
    /// The first of those that wait for room.
    var firstBlocked = SlabIndex<Laggard>.null
    /// The first of the others.
    var firstMoving = SlabIndex<Laggard>.null

    var isEmpty: Bool { firstBlocked.isNull && firstMoving.isNull }
}
