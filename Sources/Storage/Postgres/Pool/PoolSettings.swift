/// How a pool behaves; the defaults suit a server, tests shorten them.
struct PoolSettings: Sendable {
    /// Connections of the pool.
    var connectionCount = 4
    /// A connection must stand, and its session be set up, within this time each.
    var connectTimeout: Duration = .seconds(5)
    /// A segment must be answered within this time from when it is the server's turn, or the connection is given up:
    /// more than the server's own `statement_timeout`, so that this is the end only of what hangs.
    var answerTimeout: Duration = .seconds(8)
    /// The first pause after a failed connect; it doubles from there.
    var backoffMin: Duration = .milliseconds(100)
    /// The longest pause between connects; who stood for as long was no failed connect.
    var backoffMax: Duration = .seconds(2)
    /// Appends that share a transaction at most.
    var batchCountMax = 128
    /// The bytes after which a transaction takes no more.
    var batchByteCountMax = 1024 * 1024
    /// Whether the shops of a transaction are written in the order of their keys, as other nodes do: their clocks are
    /// locked in one order by all, so that no two nodes wait for each other.
    var areRoundsSorted = false
    /// Appends that are sent at a time when each has a transaction of its own.
    var loneCountMax = 8
    /// Reads under way on one connection: the next one is there when the server has done one, and no more than that
    /// waits for what may take as long as a lock.
    var readDepthMax = 2
    /// How often a request is sent at most, when connections die under it.
    var sendCountMax = 3
    /// Writes that may wait.
    var writeCountMax = Limits.waitingMessageCountMax
    /// Their bytes.
    var writeByteCountMax = Limits.waitingByteCountMax
    /// Reads that may wait or be under way.
    var readCountMax = Limits.readsUnderWayMax

    /// The first so many connections are for writes, the others for reads.
    var writerCount: Int { connectionCount == 1 ? 1 : connectionCount - max(1, connectionCount / 3) }
}
