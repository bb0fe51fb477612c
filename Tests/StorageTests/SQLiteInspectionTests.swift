import FoundationEssentials
import GRDB
import Primitives
import Testing

@testable import Storage

/// How many migrations a file lacks, seen without a change of its directory.
@Suite struct SQLiteInspectionTests {
    /// Looks at the file, and expects that the directory has the same files after it.
    private func pendingCount(_ path: String, in directory: String) async throws -> Int? {
        let files = FileManager.default
        let before = try files.contentsOfDirectory(atPath: directory).sorted()
        defer { #expect((try? files.contentsOfDirectory(atPath: directory).sorted()) == before) }
        return try await SQLiteStore.pendingMigrationCount(path: path)
    }

    @Test(arguments: ["test.db", "with a space, 100 %?#ä.db"])
    func `a file is seen beside its server and without one`(_ name: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/\(name)"
            let store = try await SQLiteStore.open(path: path)
            try await store.append(.numbered(0))
            #expect(store.logByteCount > 0)
            #expect(try await pendingCount(path, in: directory) == 0, "beside its server")
            await store.close()
            #expect(try await pendingCount(path, in: directory) == 0, "without a server")
            // The last connection that writes removes the log.
            let queue = try DatabaseQueue(path: path)
            let mode = try await queue.read { db in try String.fetchOne(db, sql: "PRAGMA journal_mode") }
            #expect(mode == "wal")
            try queue.close()
            #expect(!FileManager.default.fileExists(atPath: "\(path)-wal"))
            #expect(try await pendingCount(path, in: directory) == 0, "without a log")
        }
    }

    @Test func `a file of an older version lacks migrations`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            let queue = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(queue, upTo: "1")
            try queue.close()
            #expect(try await pendingCount(path, in: directory) == Schema.migrator.migrations.count - 1)
        }
    }

    @Test func `a file of a newer version is incompatible`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            let store = try await SQLiteStore.open(path: path)
            try await store.change { db in
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('newer')")
            }
            #expect(await storageError { try await pendingCount(path, in: directory) } == .incompatible)
            await store.close()
            #expect(await storageError { try await pendingCount(path, in: directory) } == .incompatible)
        }
    }

    @Test func `a log without its index is not recovered`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            let store = try await SQLiteStore.open(path: path)
            try await store.append(.numbered(0))
            // As a crash of the machine leaves them, when the index was not written.
            let copy = directory + "/copy.db"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
            #expect(try await pendingCount(copy, in: directory) == nil)
            await store.close()
        }
    }

    @Test func `a file that is no database is corrupt`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            try Data(repeating: 0x61, count: 8_192).write(to: URL(filePath: path))
            #expect(await storageError { try await pendingCount(path, in: directory) } == .corrupt)
            #expect(await storageError { try await pendingCount(path + ".other", in: directory) } == .unavailable)
        }
    }
}
