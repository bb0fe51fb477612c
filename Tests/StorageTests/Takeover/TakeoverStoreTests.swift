import Chat
import Primitives
import Synchronization
import Testing

@testable import Storage

/// A SQLite file that another server uses at first. Its lock is of an open file, so a second one in this process does.
@Suite struct TakeoverStoreTests {
    /// A machine may be slow, so the times here are long; `StoreTakeoverTests` tests the real ones.
    private static let callWait: Duration = .seconds(600)
    private static let members = [Membership(shopID: "shop", userID: "ada", role: .admin)]

    /// Runs `body` beside a holder of the lock.
    private func withHeldFile(_ body: (String, StoreLock) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            let first = try await SQLiteStore.open(path: path)
            try await first.append(.numbered(1))
            await first.close()
            guard case .taken(let lock) = try StoreLock.take(of: path) else {
                Issue.record("a new file has a holder")
                return
            }
            try await body(path, lock)
        }
    }

    private func isLocked(_ path: String) throws -> Bool {
        switch try StoreLock.take(of: path) {
        case .taken(let lock):
            lock.release()
            return false
        case .held: return true
        }
    }

    @Test func `calls are answered after the holder releases the file, and find it prepared`() async throws {
        try await withHeldFile { path, lock in
            let reports = Recorder<TakeoverReport>()
            let store = TakeoverStore(
                path: path, callWait: Self.callWait,
                prepare: { (store) async throws(StorageError) in try await store.importMembers(Self.members, at: 5) },
                report: { reports.note($0) })
            async let role = store.role(of: "ada", in: "shop")
            async let messages = store.messages(in: "shop", changedAfter: nil, limit: 10)
            while store.waitingCallCount < 2 { await Task.yield() }
            #expect(!store.isOpen)
            lock.release()
            let answers = try await (role, messages)
            #expect(answers.0 == .admin && answers.1.messages == [.numbered(1)])
            #expect(store.isOpen)
            _ = try await store.append(.numbered(2))
            #expect(store.statistics.storedCount == 1)
            let isLockedWhileOpen = try isLocked(path)
            #expect(isLockedWhileOpen)
            await store.close()
            let isLockedAfter = try isLocked(path)
            #expect(!isLockedAfter)
            #expect(await storageError { try await store.ping() } == .unavailable)
            #expect(reports.elements.suffix(2) == [.released, .opened])
        }
    }

    @Test func `a close while the holder still runs refuses the calls that wait`() async throws {
        try await withHeldFile { path, lock in
            let store = TakeoverStore(path: path, callWait: Self.callWait, prepare: { _ in }, report: { _ in })
            async let kind = storageError { try await store.message("m1") }
            while store.waitingCallCount < 1 { await Task.yield() }
            store.abandon()
            #expect(await kind == .unavailable)
            await store.close()
            lock.release()
            let isLockedAfter = try isLocked(path)
            #expect(!isLockedAfter)
        }
    }

    @Test func `a store whose preparation fails is opened again`() async throws {
        try await withHeldFile { path, lock in
            let attempts = Mutex(0)
            let store = TakeoverStore(
                path: path, callWait: Self.callWait,
                prepare: { (store) async throws(StorageError) in
                    let isFirst = attempts.withLock { attempts in
                        attempts += 1
                        return attempts == 1
                    }
                    if isFirst { throw StorageError(.full) }
                }, report: { _ in })
            lock.release()
            let message = try await store.message("m1")
            #expect(message == .numbered(1))
            #expect(attempts.withLock { $0 } == 2)
            await store.close()
        }
    }
}
