import Storage
import Testing

@testable import Server

@Suite struct StoreCheckTests {
    private static func facts(
        _ file: SQLiteFacts.File, folder: FolderState = .writable, lockHolder: Int32? = nil,
        pendingMigrations: Result<Int?, StorageError> = .success(0)
    ) -> [FindingCode] {
        StoreCheck.findings(
            SQLiteFacts(
                path: "a.sqlite", folder: folder, file: file, lockHolder: lockHolder,
                pendingMigrations: pendingMigrations)
        ).map(\.code)
    }

    @Test func `a SQLite file is judged`() {
        #expect(Self.facts(.missing) == [.storeNew])
        #expect(Self.facts(.empty) == [.storeNew])
        #expect(Self.facts(.database) == [.storeOK])
        #expect(Self.facts(.other) == [.storeCorrupt])
        #expect(Self.facts(.unreadable) == [.storeUnwritable])
        #expect(Self.facts(.missing, folder: .unwritable("/")) == [.storeUnwritable])
        #expect(Self.facts(.missing, folder: .noFolder("/x")) == [.storeUnwritable])
        #expect(Self.facts(.database, lockHolder: 7) == [.storeOK, .storeInUse])
    }

    @Test func `the migrations of a SQLite database are judged`() {
        func code(_ outcome: Result<Int?, StorageError>) -> [FindingCode] {
            Self.facts(.database, pendingMigrations: outcome)
        }
        #expect(code(.success(1)) == [.storeOK], "a start takes it")
        #expect(code(.success(nil)) == [.storeOK])
        #expect(code(.failure(StorageError(.incompatible))) == [.storeIncompatible])
        #expect(code(.failure(StorageError(.corrupt))) == [.storeCorrupt])
        #expect(code(.failure(StorageError(.unavailable))) == [.storeFailed])
    }

    @Test func `a database of PostgreSQL is judged`() {
        func code(_ outcome: Result<Int, StorageError>) -> FindingCode {
            StoreCheck.finding(pendingSteps: outcome, of: "postgres://h/d").code
        }
        #expect(code(.success(0)) == .storeOK)
        #expect(code(.success(1)) == .storeNotMigrated)
        let kinds: [(StorageError.Kind, FindingCode)] = [
            (.unavailable, .storeUnreachable), (.incompatible, .storeIncompatible), (.unexpected, .storeFailed),
        ]
        for (kind, expected) in kinds { #expect(code(.failure(StorageError(kind))) == expected) }
    }

    @Test func `memory is a warning`() async {
        #expect(await StoreCheck.findings(.memory).map(\.code) == [.storeInMemory])
    }

    @Test func `files are looked at and not changed`() async throws {
        let tree = try TemporaryTree(["text.sqlite": "not a database at all", "empty.sqlite": ""])
        func codes(_ name: String) async -> [FindingCode] {
            await StoreCheck.findings(.sqlite(path: "\(tree.root)/\(name)")).map(\.code)
        }
        #expect(await codes("text.sqlite") == [.storeCorrupt])
        #expect(await codes("empty.sqlite") == [.storeNew])
        #expect(await codes("missing.sqlite") == [.storeNew])
        #expect(await codes("missing/missing.sqlite") == [.storeUnwritable])
        let path = "\(tree.root)/real.sqlite"
        let store = try await SQLiteStore.open(path: path)
        #expect(await codes("real.sqlite") == [.storeOK])
        await store.close()
        #expect(await codes("real.sqlite") == [.storeOK])
        guard case .taken(let lock) = try StoreLock.take(of: path) else { throw StorageError(.busy) }
        #expect(await codes("real.sqlite") == [.storeOK, .storeInUse])
        lock.release()
        #expect(await codes("real.sqlite") == [.storeOK], "the lock's file outlives the lock")
    }

    @Test func `a file of the kernel is read to its end, beyond the first page`() throws {
        let bytes = try #require(DoctorCalls.contents(of: "/proc/self/smaps"))
        #expect(bytes.count > 65_536)
        #expect(String(decoding: bytes, as: UTF8.self).contains("[stack]"))
        #expect(DoctorCalls.contents(of: "/proc/self/missing") == nil)
    }

    @Test func `only a lock of flock counts, of the process itself on this file`() {
        let locks = """
            1: POSIX  ADVISORY  WRITE 12 fe:00:5695030 1073741824 1073742335
            2: FLOCK  ADVISORY  WRITE 34 fe:00:16237236 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 56 fe:00:16237236 0 EOF
            """
        #expect(SQLiteFacts.holdsLock(34, of: 16_237_236, in: locks))
        #expect(!SQLiteFacts.holdsLock(34, of: 5_695_030, in: locks), "another file of the process")
        #expect(!SQLiteFacts.holdsLock(34, of: nil, in: locks))
        #expect(!SQLiteFacts.holdsLock(12, of: 5_695_030, in: locks))
        #expect(!SQLiteFacts.holdsLock(56, of: 16_237_236, in: locks))
        #expect(!SQLiteFacts.holdsLock(3, of: 16_237_236, in: locks))
    }
}
