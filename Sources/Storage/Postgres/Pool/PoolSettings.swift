/// The settings of a pool. The defaults suit a server; tests use shorter times.
struct PoolSettings: Sendable {
    /// The number of connections.
    var connectionCount = 4
    /// The time limit for making a connection, and again for setting up its session.
    var connectTimeout: Duration = .seconds(5)
    /// How long the server may take to answer a segment, from when it is the server's turn, before the connection is
    /// closed. Longer than the server's own `statement_timeout`, so that it only ends what hangs.
    var answerTimeout: Duration = .seconds(8)
    /// The first pause after a failed connect. It doubles with each failure.
    var backoffMin: Duration = .milliseconds(100)
    /// The longest pause between connects. A connection that was ready for this long does not count as failed.
    var backoffMax: Duration = .seconds(2)
    /// The maximum number of appends in one transaction.
    var batchCountMax = 128
    /// A transaction takes no more appends once it has this many bytes.
    var batchByteCountMax = 1024 * 1024
    /// Whether the shops of a transaction are written in the order of their keys. Nodes that share a database all lock
    /// the shops' clocks in this order, so that they cannot deadlock.
    var areRoundsSorted = false
    /// The maximum number of appends in flight when each has a transaction of its own.
    var loneCountMax = 8
    /// The maximum number of reads in flight on one connection: the next one is at the server when it has finished one,
    /// and only this many wait for a read that may take as long as a lock.
    var readDepthMax = 2
    /// How often a request is sent at most, when connections die while it is in flight.
    var sendCountMax = 3
    /// The maximum number of pending writes.
    var writeCountMax = Limits.waitingMessageCountMax
    /// The maximum bytes of pending writes.
    var writeByteCountMax = Limits.waitingByteCountMax
    /// The maximum number of pending reads.
    var readCountMax = Limits.readsUnderWayMax

    /// The first `writerCount` connections are for writes, the others for reads.
    var writerCount: Int { connectionCount == 1 ? 1 : connectionCount - max(1, connectionCount / 3) }
}
