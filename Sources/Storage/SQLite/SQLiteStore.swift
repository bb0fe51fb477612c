import GRDB
import Primitives
import Synchronization

/// A store in a SQLite file, in WAL mode with `synchronous = FULL`: a write that was answered survives a crash of the
/// process and of the machine.
///
/// One connection writes, on a serial queue; up to `Limits.readerCountMax` connections read concurrently. Callers
/// suspend and are resumed on their own executor, in the order in which their writes were committed. Other processes
/// may use the file at the same time.
public final class SQLiteStore: Store {
    /// The pending work; changed under the lock only.
    struct State {
        var writes = WriteQueue()
        /// Whether a block that commits a batch is on the writer's queue.
        var isCommitScheduled = false
        var readsUnderWay = 0
        var changesUnderWay = 0
        var statistics = StoreStatistics()
        var isClosed = false
    }

    let pool: DatabasePool
    /// Reads one or two rows for requests that must have them before they write; lists cannot delay it.
    let lookUps: DatabaseQueue
    let state = Mutex(State())

    private init(pool: DatabasePool, lookUps: DatabaseQueue) {
        self.pool = pool
        self.lookUps = lookUps
    }

    /// Opens the file at `path`, creates it if it is missing, and migrates its tables. The work runs on another thread.
    ///
    /// Throws `.unavailable` when it cannot be opened, `.corrupt` when it is not a database, `.incompatible` when a
    /// newer version wrote it.
    public static func open(path: String) async throws(StorageError) -> SQLiteStore {
        try await open(path: path, busyTimeoutSeconds: Limits.busyTimeoutSeconds, trace: nil)
    }

    /// Opens the file; `trace` receives every statement that a connection runs.
    static func open(
        path: String, busyTimeoutSeconds: Double, trace: (@Sendable (String) -> Void)?
    ) async throws(StorageError) -> SQLiteStore {
        // Detached, because a child task would inherit the caller's executor, and this blocks.
        let opening = Task.detached { openNow(path: path, busyTimeoutSeconds: busyTimeoutSeconds, trace: trace) }
        return try await opening.value.get()
    }

    private static func openNow(
        path: String, busyTimeoutSeconds: Double, trace: (@Sendable (String) -> Void)?
    ) -> Result<SQLiteStore, StorageError> {
        var configuration = Configuration()
        configuration.label = "shopstream"
        configuration.busyMode = .timeout(busyTimeoutSeconds)
        configuration.maximumReaderCount = Limits.readerCountMax
        configuration.prepareDatabase { db in
            if let trace {
                db.trace { event in trace(event.description) }
            }
        }
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Schema.migrator
            if try pool.read(migrator.hasBeenSuperseded) { throw StorageError(.incompatible, detail: path) }
            // The pool has set NORMAL, under which a power failure may lose the last commits.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA journal_size_limit = \(Limits.writeAheadLogByteCountMax)")
            }
            try migrator.migrate(pool)
            configuration.readonly = true
            let lookUps = try DatabaseQueue(path: path, configuration: configuration)
            return .success(SQLiteStore(pool: pool, lookUps: lookUps))
        } catch {
            let error = StorageError(database: error)
            return .failure(StorageError(error.kind, detail: "\"\(path)\": \(error.detail)"))
        }
    }

    /// See `MessageStore`.
    public func close() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if !isFirst { return }
        // New writes are rejected by now, so this runs after all that were accepted before.
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] db in
                while commitBatch(db) {}
                continuation.resume()
            }
        }
        // Waits for the readers, hence detached from the caller's executor. Closing fails only when statements are
        // still in use, and there are none; the file is intact in any case.
        await Task.detached { [pool, lookUps] in
            try? lookUps.close()
            try? pool.close()
        }.value
    }

    /// See `MessageStore`.
    public var statistics: StoreStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingMessageCount = state.writes.writeCount
            statistics.waitingByteCount = state.writes.byteCount
            return statistics
        }
    }
}

// MARK: - Reads and changes

extension SQLiteStore {
    /// Runs `body` on one of the readers, in a transaction that sees a single state of the file.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        try await read(on: pool, body)
    }

    /// Runs a read that takes microseconds on a connection of its own, where no list precedes it.
    func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        try await read(on: lookUps, body)
    }

    private func read<Value: Sendable>(
        on reader: any DatabaseReader, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<_, Never>) in
            let refusal: StorageError? = state.withLock { state in
                if state.isClosed { return StorageError(.unavailable, detail: "closed") }
                if state.readsUnderWay >= Limits.readsUnderWayMax { return StorageError(.overloaded, detail: "reads") }
                state.readsUnderWay += 1
                // Scheduled under the lock, so that it precedes a later `close`.
                reader.asyncRead { [self] database in
                    let result = Self.result { try body(database.get()) }
                    self.state.withLock { $0.readsUnderWay -= 1 }
                    continuation.resume(returning: result)
                }
                return nil
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
        return try result.get()
    }

    /// Runs `body` on the writer, in a transaction of its own that is durable when this returns.
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<_, Never>) in
            let refusal: StorageError? = state.withLock { state in
                if state.isClosed { return StorageError(.unavailable, detail: "closed") }
                if state.changesUnderWay >= Limits.changesUnderWayMax {
                    return StorageError(.overloaded, detail: "changes")
                }
                state.changesUnderWay += 1
                pool.asyncWriteWithoutTransaction { [self] db in
                    let result = Self.result { try Self.inTransaction(db) { try body(db) } }
                    self.state.withLock { $0.changesUnderWay -= 1 }
                    continuation.resume(returning: result)
                }
                return nil
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
        return try result.get()
    }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when `body` or the commit fails.
    static func inTransaction<Value>(_ db: Database, _ body: () throws -> Value) throws -> Value {
        try db.beginTransaction(.immediate)
        do {
            let value = try body()
            try db.commit()
            return value
        } catch {
            // The first error is the one to report. If it ended the transaction, there is nothing to roll back.
            if db.isInsideTransaction { try? db.rollback() }
            throw error
        }
    }

    private static func result<Value>(_ body: () throws -> Value) -> Result<Value, StorageError> {
        do {
            return .success(try body())
        } catch {
            return .failure(StorageError(database: error))
        }
    }
}
