import FoundationEssentials
import GRDB

extension SQLiteStore {
    /// The number of migrations that the existing file at `path` lacks, also beside a running server; nil when that cannot
    /// be seen without changing something, as a process was killed that used the file. Changes nothing and creates no
    /// file. The work runs on another thread.
    ///
    /// Throws `.unavailable` when it cannot be opened, `.corrupt` when it is not a database, `.incompatible` when a
    /// newer version wrote it.
    public static func pendingMigrationCount(path: String) async throws(StorageError) -> Int? {
        guard let location = inspected(path) else { return nil }
        // Detached, because a child task would inherit the caller's executor, and this blocks.
        let looking = Task.detached { pendingNow(at: location, path: path) }
        return try await looking.value.get()
    }

    /// How SQLite opens the file so that it creates none beside it (sqlite.org/wal.html, "Read-Only Databases"): with the
    /// log and its index, when both exist; and without looking for them, when there is no log.
    private static func inspected(_ path: String) -> String? {
        let files = FileManager.default
        let size = try? files.attributesOfItem(atPath: "\(path)-wal")[.size] as? UInt64
        guard size ?? 0 > 0 else { return "file:\(escaped(path))?immutable=1" }
        return files.fileExists(atPath: "\(path)-shm") ? path : nil
    }

    /// A path as a part of a URI.
    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            let isPlain = byte > 0x20 && byte < 0x7F && !"%?#".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func pendingNow(at location: String, path: String) -> Result<Int?, StorageError> {
        var configuration = Configuration()
        configuration.label = "shopstream-doctor"
        configuration.readonly = true
        configuration.busyMode = .timeout(Limits.busyTimeoutSeconds)
        do {
            let queue = try DatabaseQueue(path: location, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { db in
                let migrator = Schema.migrator
                if try migrator.hasBeenSuperseded(db) { throw StorageError(.incompatible, detail: path) }
                let applied = try migrator.appliedIdentifiers(db)
                return .success(migrator.migrations.count { !applied.contains($0) })
            }
        } catch {
            return .failure(StorageError(database: error))
        }
    }
}
