import Dispatch
import FoundationEssentials
import GRDB
import Primitives
import Testing

@testable import Storage

@Suite struct SQLiteCheckpointTests {
    private static let byteCountMax = 64 * 1024

    /// Opens a store in a new directory.
    private func withStore(_ body: (SQLiteStore, String) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            let store = try await SQLiteStore.open(path: path)
            do {
                try await body(store, path)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    /// Appends messages, one at least, until the log has passed the bound.
    private func fillLog(_ store: SQLiteStore) async throws {
        var number = 0
        repeat {
            try await store.append(.numbered(number))
            number += 1
        } while store.logByteCount <= Self.byteCountMax
    }

    @Test func `a log over the bound is moved to the database and its file is cut`() async throws {
        try await withStore { store, _ in
            try await fillLog(store)
            await store.truncateLog(above: Self.byteCountMax)
            #expect(store.logByteCount == 0)
            #expect(try await store.message("m0") == .numbered(0))
        }
    }

    @Test func `a log within the bound stays`() async throws {
        try await withStore { store, _ in
            try await store.append(.numbered(0))
            let byteCount = store.logByteCount
            await store.truncateLog(above: byteCount)
            #expect(byteCount > 0)
            #expect(store.logByteCount == byteCount)
        }
    }

    @Test func `reads that overlap do not keep the log from being cut`() async throws {
        try await withStore { store, _ in
            let (isReading, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let oldRead = store.read { db in
                let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM shop_messages")
                isReading.signal()
                mayEnd.wait()
                return count
            }
            // On another thread than the pool of tasks, which must not block.
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    isReading.wait()
                    continuation.resume()
                }
            }
            try await fillLog(store)
            async let truncation: Void = store.truncateLog(above: Self.byteCountMax)
            #expect(store.logByteCount > Self.byteCountMax)
            mayEnd.signal()
            await truncation
            #expect(try await oldRead == 0)
            #expect(store.logByteCount == 0)
        }
    }

    @Test func `a reader of another process delays the cut and no write`() async throws {
        try await withStore { store, path in
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: path, configuration: configuration)
            try await other.writeWithoutTransaction { db in
                try db.execute(sql: "BEGIN")
                _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM shop_messages")
            }
            try await fillLog(store)
            await store.truncateLog(above: Self.byteCountMax)
            #expect(store.logByteCount > Self.byteCountMax)
            try await store.append(.numbered(100_000))
            try await other.writeWithoutTransaction { db in try db.execute(sql: "COMMIT") }
            await store.truncateLog(above: Self.byteCountMax)
            #expect(store.logByteCount == 0)
            let wait = try await store.change { db in try Int.fetchOne(db, sql: "PRAGMA busy_timeout") }
            #expect(wait == Int(Limits.busyTimeoutSeconds * 1_000))
        }
    }
}
