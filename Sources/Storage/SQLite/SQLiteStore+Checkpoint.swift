import FoundationEssentials
import GRDB
import Primitives
import Synchronization

// The write-ahead log. SQLite copies its pages to the database by itself, but begins the file again only at a moment
// without readers. Reads that overlap never leave one, and the file would grow without bound.
extension SQLiteStore {
    /// See `MessageStore`: once the log has `Limits.writeAheadLogByteCountMax` bytes, copies all of it to the database and
    /// cuts its file to nothing.
    public func maintain() async { await truncateLog(above: Limits.writeAheadLogByteCountMax) }

    /// The bytes of the log's file.
    var logByteCount: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: pool.path + "-wal")
        return (attributes?[.size] as? UInt64).map(Int.init(clamping:)) ?? 0
    }

    /// The same with another bound. Reads of this store that are in flight are awaited and later ones wait: none takes
    /// long. A reader of another process is awaited for `Limits.checkpointWaitMilliseconds` only, as no write is made
    /// meanwhile; then the log goes on growing until the next call.
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

    /// On the writer's queue, while no reader of this store reads.
    private static func truncateLog(_ db: Database) {
        let waitOfWrites = try? Int.fetchOne(db, sql: "PRAGMA busy_timeout")
        try? db.execute(sql: "PRAGMA busy_timeout = \(Limits.checkpointWaitMilliseconds)")
        // Busy, when another process reads or writes: what can be copied has been.
        _ = try? db.checkpoint(.truncate)
        if let waitOfWrites { try? db.execute(sql: "PRAGMA busy_timeout = \(waitOfWrites)") }
    }
}
