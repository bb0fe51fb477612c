import Chat
import Dispatch
import FoundationEssentials
import GRDB
import Primitives
import Synchronization
import Testing

@testable import Storage

@Suite struct SQLiteStoreTests {
    /// Opens a store in a new directory that counts the statements which its connections run.
    private func withStore(
        busyTimeoutSeconds: Double = Limits.busyTimeoutSeconds,
        _ body: (SQLiteStore, String, Recorder<String>) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let statements = Recorder<String>()
            let path = directory + "/test.db"
            let store = try await SQLiteStore.open(
                path: path, busyTimeoutSeconds: busyTimeoutSeconds, trace: { statements.note($0) })
            statements.forget()
            do {
                try await body(store, path, statements)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    // MARK: Durability

    @Test func `the writer waits for the disk`() async throws {
        try await withStore { store, _, _ in
            let (journal, synchronous) = try await store.change { db in
                (try String.fetchOne(db, sql: "PRAGMA journal_mode"), try Int.fetchOne(db, sql: "PRAGMA synchronous"))
            }
            #expect(journal == "wal")
            #expect(synchronous == 2)
        }
    }

    @Test func `an answered message is stored after a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            for start in 0..<3 {
                let store = try await SQLiteStore.open(path: path)
                for number in 0..<start * 10 { #expect(try await store.message(MessageID("m\(number)")) != nil) }
                for number in start * 10..<start * 10 + 10 { try await store.append(.numbered(number)) }
                try await store.importMembers([Membership(shopID: "shop", userID: "u", role: .admin)], at: 1)
                #expect(try await store.role(of: "u", in: "shop") == .admin)
                await store.close()
            }
        }
    }

    @Test func `a message is in the file when append returns`() async throws {
        try await withStore { store, path, _ in
            try await store.append(.numbered(1))
            let other = try await SQLiteStore.open(path: path)
            #expect(try await other.message("m1") == .numbered(1))
            await other.close()
        }
    }

    @Test func `closing writes the waiting messages`() async throws {
        try await withStore { store, path, _ in
            let count = Limits.batchMessageCountMax * 4
            let gate = WriterGate(store)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count { group.addTask { try await store.append(.numbered(number)) } }
                await store.waitForWaiting(count)
                group.addTask { await store.close() }
                while !store.state.withLock({ $0.isClosed }) { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            let other = try await SQLiteStore.open(path: path)
            #expect(try await other.messages(in: "shop", changedAfter: nil, limit: count + 1).messages.count == count)
            await other.close()
        }
    }

    // MARK: Group commit

    @Test func `messages that wait together share a transaction`() async throws {
        try await withStore { store, _, statements in
            let gate = WriterGate(store)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Limits.batchMessageCountMax + 100 {
                    group.addTask { try await store.append(.numbered(number)) }
                }
                await store.waitForWaiting(Limits.batchMessageCountMax + 100)
                gate.open()
                try await group.waitForAll()
            }
            #expect(statements.elements.count { $0.hasPrefix("COMMIT") } == 2)
            #expect(store.statistics.commitCount == 2)
            #expect(store.statistics.batchMessageCountMax == Limits.batchMessageCountMax)
            #expect(store.statistics.storedCount == Limits.batchMessageCountMax + 100)
            #expect(store.statistics.waitingMessageCount == 0)
            #expect(store.statistics.waitingByteCount == 0)
        }
    }

    @Test func `calls take effect and return in their order, on the caller's executor`() async throws {
        try await withStore { store, _, statements in
            let reactor = QueueExecutor()
            let returned = Recorder<Int>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<2000 {
                    group.addTask(executorPreference: reactor) {
                        let store: any MessageStore = store
                        try await store.append(.numbered(number))
                        reactor.preconditionIsolated()
                        returned.note(number)
                    }
                }
                try await group.waitForAll()
            }
            #expect(returned.elements == Array(0..<2000))
            let ids = try await store.read { db in
                try String.fetchAll(db, sql: "SELECT id FROM shop_messages ORDER BY rowid")
            }
            #expect(ids == (0..<2000).map { "m\($0)" })
            #expect(statements.elements.count { $0.hasPrefix("COMMIT") } < 2000)
        }
    }

    @Test func `writers on many threads lose nothing`() async throws {
        try await withStore { store, _, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<40 {
                    group.addTask {
                        for number in 0..<50 { try await store.append(.numbered(number * 40 + writer)) }
                    }
                }
                try await group.waitForAll()
            }
            let page = try await store.messages(in: "shop", changedAfter: nil, limit: 2000)
            #expect(page.messages.map(\.createdAt.microsecondsSinceEpoch) == Array(0..<2000))
        }
    }

    /// Appends the messages so that they share a batch, and returns the outcome of each.
    private func appendTogether(_ messages: [Message], _ store: SQLiteStore) async -> [StorageError.Kind?] {
        let gate = WriterGate(store)
        return await withTaskGroup(of: (Int, StorageError.Kind?).self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask {
                    do throws(StorageError) {
                        try await store.append(message)
                        return (index, nil)
                    } catch {
                        return (index, error.kind)
                    }
                }
                await store.waitForWaiting(index + 1)
            }
            gate.open()
            var kinds = [StorageError.Kind?](repeating: nil, count: messages.count)
            for await (index, kind) in group { kinds[index] = kind }
            return kinds
        }
    }

    @Test func `a row that fails does not fail the others`() async throws {
        try await withStore { store, _, statements in
            var duplicate = Message.numbered(9)
            duplicate.id = "m1"
            let kinds = await appendTogether([.numbered(1), duplicate, .numbered(2)], store)
            #expect(kinds == [nil, .conflict, nil])
            let page = try await store.messages(in: "shop", changedAfter: nil, limit: 9)
            #expect(page.messages.map(\.id) == ["m1", "m2"])
            #expect(statements.elements.count { $0.hasPrefix("BEGIN IMMEDIATE") } == 1)
            #expect(store.statistics.commitCount == 1)
            #expect(store.statistics.failedCount == 1)
        }
    }

    @Test func `a row that ends the transaction does not fail the others`() async throws {
        try await withStore { store, _, _ in
            try await store.change { db in
                try db.execute(
                    sql: """
                        CREATE TRIGGER spoiler BEFORE INSERT ON shop_messages WHEN new.message = 'spoil'
                        BEGIN SELECT raise(ROLLBACK, 'spoilt'); END
                        """)
            }
            let kinds = await appendTogether([.numbered(1), .numbered(2, text: "spoil"), .numbered(3)], store)
            #expect(kinds == [nil, .invalid, nil])
            let page = try await store.messages(in: "shop", changedAfter: nil, limit: 9)
            #expect(page.messages.map(\.id) == ["m1", "m3"])
            #expect(store.statistics.storedCount == 2)
            try await store.append(.numbered(4))
        }
    }

    // MARK: Limits

    @Test func `past the bound a message is refused as overload and the others are stored`() async throws {
        try await withStore { store, _, _ in
            let gate = WriterGate(store)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Limits.waitingMessageCountMax {
                    group.addTask { try await store.append(.numbered(number)) }
                }
                await store.waitForWaiting(Limits.waitingMessageCountMax)
                #expect(
                    await storageError { try await store.append(.numbered(-1)) }
                        == .overloaded)
                gate.open()
                try await group.waitForAll()
            }
            #expect(store.statistics.storedCount == Limits.waitingMessageCountMax)
            try await store.append(.numbered(-1))
        }
    }

    @Test func `reads do not wait for the writer`() async throws {
        try await withStore { store, _, _ in
            try await store.append(.numbered(1))
            let gate = WriterGate(store)
            #expect(try await store.message("m1") == .numbered(1))
            #expect(try await store.latestChange(in: "shop", upTo: .latest) == 1)
            #expect(try await store.role(of: "u", in: "shop") == nil)
            gate.open()
        }
    }

    @Test func `a file that another process holds is busy, and free again after`() async throws {
        try await withStore(busyTimeoutSeconds: 0.01) { store, path, _ in
            let other = try DatabaseQueue(path: path)
            let held = DispatchSemaphore(value: 0)
            let release = DispatchSemaphore(value: 0)
            other.asyncWriteWithoutTransaction { db in
                do { try db.beginTransaction(.immediate) } catch { Issue.record(error) }
                held.signal()
                release.wait()
                do { try db.rollback() } catch { Issue.record(error) }
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    held.wait()
                    continuation.resume()
                }
            }
            #expect(await appendTogether([.numbered(1), .numbered(2)], store) == [.busy, .busy])
            #expect(await storageError { try await store.ping() } == .busy)
            release.signal()
            try await other.writeWithoutTransaction { _ in }
            try other.close()
            try await store.append(.numbered(1))
        }
    }

    // MARK: Opening

    @Test func `a missing directory is unavailable`() async throws {
        let path = "no/such/directory/test.db"
        #expect(await storageError { try await SQLiteStore.open(path: path) } == .unavailable)
    }

    @Test func `a file that is not a database is corrupt`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            try Data(repeating: 0x61, count: 8192).write(to: URL(filePath: path))
            #expect(
                await storageError { try await SQLiteStore.open(path: path) } == .corrupt)
        }
    }

    @Test func `a file of a newer version is left alone`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            let store = try await SQLiteStore.open(path: path)
            try await store.change { db in
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('newer')")
            }
            await store.close()
            #expect(
                await storageError { try await SQLiteStore.open(path: path) }
                    == .incompatible)
        }
    }

    // MARK: Plans

    static let plans: [(query: String, index: String)] = [
        (Queries.sliceByCreation, "shop_messages_by_creation (shop_id=? AND (created_at,id)>(?,?) AND created_at<?)"),
        (Queries.sliceByChange, "shop_messages_by_change (shop_id=? AND <expr>>? AND <expr><?)"),
        (Queries.latestChange, "shop_messages_by_change (shop_id=? AND <expr><?)"),
        (Queries.latestChange, "shop_messages_by_creation (shop_id=? AND created_at<?)"),
        (Queries.messageByID, "sqlite_autoindex_shop_messages_1 (id=?)"),
        (Queries.role, "sqlite_autoindex_shop_members_2 (shop_id=? AND user_id=?)"),
        (Queries.members, "sqlite_autoindex_shop_members_2 (shop_id=?)"),
        (Queries.newestSlice, "COVERING INDEX shop_messages_by_creation (shop_id=? AND created_at>? AND created_at<?)"),
        (Queries.countMessages, "COVERING INDEX shop_messages_by_c"),
        (Queries.sliceBefore, "shop_messages_by_creation (shop_id=? AND created_at>? AND (created_at,id)<(?,?))"),
        (Queries.sliceDownFrom, "shop_messages_by_creation (shop_id=? AND created_at>? AND (created_at,id)<(?,?))"),
        (
            Queries.placesAfter,
            "COVERING INDEX shop_messages_by_creation (shop_id=? AND (created_at,id)>(?,?) AND created_at<?)"
        ),
        (Queries.editMessage, "sqlite_autoindex_shop_messages_1 (id=?)"),
        (Queries.deleteMessage, "sqlite_autoindex_shop_messages_1 (id=?)"),
        (Queries.imageByID, "sqlite_autoindex_shop_images_1 (id=?)"),
        (Queries.isImageNamed, "PRIMARY KEY (shop_id=? AND file_name=?)"),
        (Queries.deleteImageNames, "shop_image_names_by_message (message_id=?)"),
        (Queries.unkeptImages, "shop_images_unkept ((created_at,id)>(?,?) AND created_at<?)"),
        (Queries.membershipChanges, "INTEGER PRIMARY KEY (rowid>?)"),
    ]

    @Test(arguments: plans.indices)
    func `a query is served by its index, without sorting or scanning`(index: Int) async throws {
        let (query, index) = Self.plans[index]
        try await withStore { store, _, _ in
            let details = try await store.read { db in
                let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(query)")
                statement.setUncheckedArguments([])
                return try Row.fetchAll(statement).map { $0["detail"] as String }
            }
            #expect(details.contains { $0.contains(index) }, "\(details)")
            #expect(!details.contains { $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN shop") }, "\(details)")
        }
    }
}
