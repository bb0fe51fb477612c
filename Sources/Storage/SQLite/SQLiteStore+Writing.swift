import Chat
import GRDB
import Primitives
import Synchronization

/// Group commit: changes that arrive while a transaction is being made durable are queued, and the next transaction
/// takes all of them. As many changes as there are callers share one fsync, without a timer.
extension SQLiteStore {
    /// See `MessageStore`.
    @discardableResult
    public func append(_ message: Message) async throws(StorageError) -> Timestamp {
        do throws(StorageError) {
            try Validation.check(message)
        } catch {
            state.withLock { $0.statistics.failedCount += 1 }
            throw error
        }
        _ = try await perform(.insert(message))
        return message.createdAt
    }

    /// See `MessageStore`. O(log n).
    public func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message? {
        try Validation.check(text: text)
        return try await perform(.edit(id, text: text, time: time))
    }

    /// See `MessageStore`. O(log n).
    public func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message? {
        try await perform(.delete(id))
    }

    /// See `MessageStore`. Runs a transaction of the writer, so that a stuck writer is noticed. Pings and writes that
    /// wait at the same time share one transaction.
    public func ping() async throws(StorageError) { _ = try await perform(.probe) }

    /// Queues a change after all others and waits until it is durable.
    private func perform(_ write: MessageWrite) async throws(StorageError) -> Message? {
        let result = await withCheckedContinuation { continuation in
            let refusal: StorageError? = state.withLock { state in
                if state.isClosed { return StorageError(.unavailable, detail: "closed") }
                if !state.writes.append(WaitingWrite(write: write, continuation: continuation)) {
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
        return try result.get()
    }

    private func scheduleCommit() {
        pool.asyncWriteWithoutTransaction { [self] db in
            let hasMore = commitBatch(db)
            // Requeue after each batch, so that membership changes get their turn.
            if hasMore { scheduleCommit() }
        }
    }

    /// Writes the oldest batch and resumes its callers in order. On the writer's queue only. Returns whether there is
    /// another batch; if not, the next append schedules a commit.
    func commitBatch(_ db: Database) -> Bool {
        guard let batch = state.withLock({ $0.writes.popBatch() }) else { return finishBatch() }
        var commitCount = 0
        let results = Self.write(batch, db, commitCount: &commitCount)
        var storedCount = 0
        var failedCount = 0
        for (waiting, result) in zip(batch, results) {
            switch (result, waiting.write) {
            case (.success, .insert): storedCount += 1
            case (.success, .edit), (.success, .delete), (_, .probe): break
            case (.failure, _): failedCount += 1
            }
        }
        state.withLock { state in
            state.statistics.storedCount += storedCount
            state.statistics.failedCount += failedCount
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
            state.isCommitScheduled = !state.writes.isEmpty
            return state.isCommitScheduled
        }
    }

    /// Applies a batch of changes in one transaction. If one of them breaks it, applies each in a transaction of its
    /// own.
    private static func write(
        _ batch: [WaitingWrite], _ db: Database, commitCount: inout Int
    ) -> [Result<Message?, StorageError>] {
        do {
            let results = try inTransaction(db) { try batch.map { try apply($0.write, db) } }
            commitCount = 1
            return results
        } catch {
            let error = StorageError(database: error)
            if batch.count == 1 || error.kind.isWholeStore { return batch.map { _ in .failure(error) } }
        }
        return batch.map { waiting in
            do {
                let result = try inTransaction(db) { try apply(waiting.write, db) }
                commitCount += 1
                return result
            } catch {
                return .failure(StorageError(database: error))
            }
        }
    }

    /// Applies one change. Returns a failure that concerns only this change and leaves the transaction usable; throws
    /// one that ends the transaction or may do so.
    private static func apply(_ write: MessageWrite, _ db: Database) throws -> Result<Message?, StorageError> {
        do {
            switch write {
            case .insert(let message):
                try insert(message, db)
                return .success(message)
            case .edit(let id, let text, let time):
                try db.cachedStatement(sql: Queries.editMessage)
                    .execute(arguments: [text, time.microsecondsSinceEpoch, id.text])
                try db.cachedStatement(sql: Queries.deleteImageNames).execute(arguments: [id.text])
                let message = try fetch(db, Queries.messageByID, [id.text]).first
                if let message { try insertImageNames(of: message, db) }
                return .success(message)
            case .delete(let id):
                let message = try fetch(db, Queries.messageByID, [id.text]).first
                try db.cachedStatement(sql: Queries.deleteMessage).execute(arguments: [id.text])
                return .success(message)
            case .probe:
                return .success(nil)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT && db.isInsideTransaction {
            return .failure(StorageError(database: error))
        }
    }

    private static func insert(_ message: Message, _ db: Database) throws {
        try db.cachedStatement(sql: Queries.insertMessage).execute(arguments: [
            message.id.text, message.shopID.text, message.userID.text, message.text,
            message.createdAt.microsecondsSinceEpoch, message.updatedAt?.microsecondsSinceEpoch,
            message.isEdited, message.parentID?.text, message.username,
        ])
        try insertImageNames(of: message, db)
    }

    /// Updates the index of images that messages name. A trigger removes the entries of a deleted message.
    private static func insertImageNames(of message: Message, _ db: Database) throws {
        for name in ImageNames.names(in: message.text) {
            try db.cachedStatement(sql: Queries.insertImageName)
                .execute(arguments: [message.shopID.text, name, message.id.text])
        }
    }
}

extension StorageError.Kind {
    /// Whether each part of a batch would fail in the same way. Its changes are then not tried one by one, which would
    /// take one timeout each when the file is busy.
    fileprivate var isWholeStore: Bool {
        switch self {
        case .unavailable, .overloaded, .busy, .corrupt, .incompatible: true
        case .full, .conflict, .notFound, .invalid, .unexpected: false
        }
    }
}
