import FoundationEssentials
import GRDB
import Primitives
import Synchronization

// The write-ahead log. SQLite copies its pages to the database by itself, but restarts the file only at a moment
// without readers. Overlapping reads leave no such moment, and the file would grow without limit.
extension SQLiteStore {
    /// See `MessageStore`. Once the log has `Limits.writeAheadLogByteCountMax` bytes, copies all of it to the database
    /// and truncates its file.
    public func maintain() async { await truncateLog(above: Limits.writeAheadLogByteCountMax) }

    /// The size of the log's file in bytes.
    var logByteCount: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: pool.path + "-wal")
        return (attributes?[.size] as? UInt64).map(Int.init(clamping:)) ?? 0
    }

    /// Truncates the log when it has more than `byteCountMax` bytes. Waits for the reads of this store that are in
    /// flight; later ones wait, but not for long, as no read takes long. Waits for readers of another process only for
    /// `Limits.checkpointWaitMilliseconds`, because no write runs meanwhile. After that the log keeps growing until the
    /// next call.
    func truncateLog(above byteCountMax: Int) async {
        guard logByteCount > byteCountMax else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isClosed = state.withLock { state in
                guard !state.isClosed else { return true }
                pool.asyncBarrierWriteWithoutTransaction { database in
                    if let db = try? database.get() { Self.truncateLog(db) }
                    continuation.resume()
                }
                return false
            }
            if isClosed { continuation.resume() }
        }
    }

    /// Runs on the writer's queue while no reader of this store reads.
    private static func truncateLog(_ db: Database) {
        let waitOfWrites = try? Int.fetchOne(db, sql: "PRAGMA busy_timeout")
        try? db.execute(sql: "PRAGMA busy_timeout = \(Limits.checkpointWaitMilliseconds)")
        // Busy when another process reads or writes. What could be copied has been copied.
        _ = try? db.checkpoint(.truncate)
        if let waitOfWrites { try? db.execute(sql: "PRAGMA busy_timeout = \(waitOfWrites)") }
    }
}
