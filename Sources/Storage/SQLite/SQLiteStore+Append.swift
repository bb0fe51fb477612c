import GRDB
import Primitives
import Synchronization

/// Group commit: while one transaction is being made durable, the messages that arrive gather, and the next takes them
/// all. One fsync is then shared by as many messages as there are callers, without anybody waiting for a timer.
extension SQLiteStore {
    /// See `MessageStore`.
    public func append(_ message: Message) async throws(StorageError) {
        do throws(StorageError) {
            try Validation.check(message)
        } catch {
            state.withLock { $0.statistics.failedCount += 1 }
            throw error
        }
        let result = await withCheckedContinuation { continuation in
            let refusal: StorageError? = state.withLock { state in
                if state.isClosed { return StorageError(.unavailable, detail: "closed") }
                if !state.appends.append(WaitingAppend(message: message, continuation: continuation)) {
                    state.statistics.failedCount += 1
                    return StorageError(.overloaded, detail: "messages")
                }
                if !state.isCommitScheduled {
                    state.isCommitScheduled = true
                    scheduleCommit()
                }
                return nil
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
        try result.get()
    }

    private func scheduleCommit() {
        pool.asyncWriteWithoutTransaction { [self] db in
            let hasMore = commitBatch(db)
            // Back to the end of the queue after each batch, so that membership changes get their turn.
            if hasMore { scheduleCommit() }
        }
    }

    /// Writes the batch that has waited longest and resumes its callers in order. On the writer's queue only. Returns
    /// whether there is another; if not, the next append schedules again.
    func commitBatch(_ db: Database) -> Bool {
        guard let batch = state.withLock({ $0.appends.popBatch() }) else { return finishBatch() }
        var commitCount = 0
        let results = Self.write(batch, db, commitCount: &commitCount)
        var storedCount = 0
        for case .success in results { storedCount += 1 }
        state.withLock { state in
            state.statistics.storedCount += storedCount
            state.statistics.failedCount += batch.count - storedCount
            state.statistics.commitCount += commitCount
            if commitCount == 1 {
                state.statistics.batchMessageCountMax = max(state.statistics.batchMessageCountMax, storedCount)
            }
        }
        for (waiting, result) in zip(batch, results) { waiting.continuation.resume(returning: result) }
        return finishBatch()
    }

    private func finishBatch() -> Bool {
        state.withLock { state in
            state.isCommitScheduled = !state.appends.isEmpty
            return state.isCommitScheduled
        }
    }

    /// Writes a batch in one transaction; if a row spoils that, each row in one of its own.
    private static func write(
        _ batch: [WaitingAppend], _ db: Database, commitCount: inout Int
    ) -> [Result<Void, StorageError>] {
        do {
            let results = try inTransaction(db) { try batch.map { try insert($0.message, db) } }
            commitCount = 1
            return results
        } catch {
            let error = StorageError(database: error)
            if batch.count == 1 || error.kind.isWholeStore { return batch.map { _ in .failure(error) } }
        }
        return batch.map { waiting in
            do {
                let result = try inTransaction(db) { try insert(waiting.message, db) }
                commitCount += 1
                return result
            } catch {
                return .failure(StorageError(database: error))
            }
        }
    }

    /// Inserts one row. A failure that the transaction survives is the row's own and returned; one that ends it, or
    /// that may, is thrown.
    private static func insert(_ message: Message, _ db: Database) throws -> Result<Void, StorageError> {
        let statement = try db.cachedStatement(sql: Queries.insertMessage)
        do {
            try statement.execute(arguments: [
                message.id.text, message.shopID.text, message.userID.text, message.text,
                message.createdAt.microsecondsSinceEpoch, message.updatedAt?.microsecondsSinceEpoch,
                message.isEdited, message.parentID?.text, message.username,
            ])
            return .success(())
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT && db.isInsideTransaction {
            return .failure(StorageError(database: error))
        }
    }
}

extension StorageError.Kind {
    /// Whether a batch that failed so would fail in parts just the same: then its rows are not tried one by one, which
    /// for a busy file would take the timeout each.
    fileprivate var isWholeStore: Bool {
        switch self {
        case .unavailable, .overloaded, .busy, .corrupt, .incompatible: true
        case .full, .conflict, .notFound, .invalid, .unexpected: false
        }
    }
}
