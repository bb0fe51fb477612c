import FoundationEssentials
import Primitives
import Storage

/// The store: the SQLite file, or the database of PostgreSQL. Changes nothing and takes no lock.
enum StoreCheck {
    private static let newerVersion = "run the version that migrated it, or a newer one"

    static func findings(_ location: StoreLocation) async -> [Finding] {
        switch location {
        case .memory:
            return [
                Finding(
                    .storeInMemory, "memory: loses all messages when the process ends",
                    fix: "SHOPSTREAM_STORE=sqlite:PATH or postgres://HOST/DATABASE")
            ]
        case .sqlite(let path):
            var facts = SQLiteFacts(path: path)
            if facts.folder == .writable, facts.file == .database {
                do throws(StorageError) {
                    facts.pendingMigrations = .success(try await SQLiteStore.pendingMigrationCount(path: path))
                } catch {
                    facts.pendingMigrations = .failure(error)
                }
            }
            return findings(facts)
        case .postgres(let database):
            let silence = StorageError(.unavailable, detail: "no answer within \(DoctorLimits.answerWait)")
            let outcome = await answer(or: .failure(silence)) {
                do throws(StorageError) {
                    return Result<Int, StorageError>.success(try await PostgresMigrator.pending(at: database).count)
                } catch {
                    return .failure(error)
                }
            }
            return [finding(pendingSteps: outcome, of: database.redacted)]
        }
    }

    /// Judges the number of steps that a database of PostgreSQL lacks.
    static func finding(pendingSteps outcome: Result<Int, StorageError>, of name: String) -> Finding {
        switch outcome {
        case .success(0): return Finding(.storeOK, "\(name) answers and is migrated")
        case .success(let count):
            return Finding(
                .storeNotMigrated, "\(name) answers and lacks \(count) \(count == 1 ? "step" : "steps")",
                fix: "shopstream migrate (--dry-run shows the steps)")
        case .failure(let error):
            return switch error.kind {
            case .incompatible:
                Finding(.storeIncompatible, "\(name): \(error)", fix: newerVersion)
            case .unavailable, .overloaded, .busy, .full:
                Finding(
                    .storeUnreachable, "\(name): \(error)",
                    fix: "start PostgreSQL, or correct host, port, user or password in SHOPSTREAM_STORE")
            case .conflict, .notFound, .invalid, .corrupt, .unexpected:
                Finding(
                    .storeFailed, "\(name): \(error)", fix: "grant the user of SHOPSTREAM_STORE rights on its tables")
            }
        }
    }

    /// Judges the number of migrations that a SQLite database lacks.
    private static func finding(pendingMigrations outcome: Result<Int?, StorageError>, of path: String) -> Finding {
        switch outcome {
        case .success(nil):
            Finding(.storeOK, "\(path) is a SQLite database that can be written; its log is recovered at the start")
        case .success(0): Finding(.storeOK, "\(path) is a SQLite database that can be written, and is migrated")
        case .success(let count?):
            Finding(
                .storeOK,
                "\(path) is a SQLite database that can be written; a start migrates it (\(count) "
                    + "\(count == 1 ? "step" : "steps"))")
        case .failure(let error) where error.kind == .incompatible:
            Finding(.storeIncompatible, "\(path): \(error)", fix: newerVersion)
        case .failure(let error) where error.kind == .corrupt:
            Finding(.storeCorrupt, "\(path): \(error)", fix: "restore it from a backup")
        case .failure(let error):
            Finding(.storeFailed, "\(path): \(error)", fix: "look for what else uses the file, or its disk")
        }
    }

    /// Judges a SQLite file.
    static func findings(_ facts: SQLiteFacts) -> [Finding] {
        let path = facts.path
        if let problem = facts.folder.problem {
            return [
                Finding(
                    .storeUnwritable, "\(path): \(problem)",
                    fix: "SHOPSTREAM_STORE=sqlite:PATH in a directory that the server's user can write")
            ]
        }
        var findings: [Finding] = []
        switch facts.file {
        case .missing, .empty: findings.append(Finding(.storeNew, "\(path): the server will create it"))
        case .unreadable:
            findings.append(
                Finding(
                    .storeUnwritable, "\(path) cannot be read or written by this user",
                    fix: "chown or chmod it, with its -wal, -shm and .lock"))
        case .other:
            findings.append(
                Finding(
                    .storeCorrupt, "\(path) is no SQLite database",
                    fix: "restore it from a backup, or set SHOPSTREAM_STORE=sqlite:PATH to another file"))
        case .database: findings.append(finding(pendingMigrations: facts.pendingMigrations, of: path))
        }
        if let process = facts.lockHolder {
            findings.append(
                Finding(
                    .storeInUse, "the server with the process id \(process) uses \(path)",
                    fix: "for a second server: --takeover, or another store"))
        }
        return findings
    }
}

/// What can be seen of a SQLite file without changing it.
struct SQLiteFacts: Sendable {
    enum File: Sendable {
        case missing
        case empty
        /// It, or a file beside it, cannot be read or written.
        case unreadable
        /// It has SQLite's head.
        case database
        /// It has another one.
        case other
    }

    var path: String
    /// The folder of the file, in which SQLite creates others.
    var folder: FolderState
    var file: File
    /// The process that holds the server's lock.
    var lockHolder: Int32?
    /// The migrations that a database lacks; nil when that could not be seen without changing it.
    var pendingMigrations: Result<Int?, StorageError> = .success(nil)
}

extension SQLiteFacts {
    /// Looks at the file. Blocks.
    init(path: String) {
        self.path = path
        folder = Self.folder(of: path)
        file = Self.file(path)
        let holder = DoctorCalls.head(of: "\(path).lock", byteCount: 16)
            .flatMap { Int32(String(decoding: $0.prefix { $0 > 0x20 }, as: UTF8.self)) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path).lock")
        let inode = attributes?[.systemFileNumber] as? UInt64
        // The kernel lists locks page by page. Those that end meanwhile let others be skipped, so it is asked again.
        lockHolder = holder.flatMap { holder in
            (0..<DoctorLimits.lockReadCount).contains { _ in
                let locks = DoctorCalls.contents(of: "/proc/locks") ?? []
                return Self.holdsLock(holder, of: inode, in: String(decoding: locks, as: UTF8.self))
            } ? holder : nil
        }
    }

    /// SQLite does not create folders.
    private static func folder(of path: String) -> FolderState {
        let folder = FolderState.parent(of: path)
        return FileManager.default.fileExists(atPath: folder) ? FolderState(folder) : .noFolder(folder)
    }

    private static func file(_ path: String) -> File {
        let files = FileManager.default
        guard files.fileExists(atPath: path) else { return .missing }
        for path in [path, "\(path)-wal", "\(path)-shm", "\(path).lock"] where files.fileExists(atPath: path) {
            guard files.isReadableFile(atPath: path), files.isWritableFile(atPath: path) else { return .unreadable }
        }
        guard let head = DoctorCalls.head(of: path, byteCount: DoctorLimits.sqliteHead.count) else {
            return .unreadable
        }
        if head.isEmpty { return .empty }
        return head == DoctorLimits.sqliteHead ? .database : .other
    }

    /// Whether a text of /proc/locks has a lock of flock(2) of the process on the file. The file of the lock keeps the id
    /// of a process that has ended, and the process may hold locks of other files.
    static func holdsLock(_ process: Int32, of inode: UInt64?, in locks: String) -> Bool {
        // 2: FLOCK  ADVISORY  WRITE 14442 fe:00:16237236 0 EOF
        locks.split(separator: "\n").contains { row in
            let fields = row.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK", Int32(fields[4]) == process else { return false }
            return fields[5].split(separator: ":").last.flatMap { UInt64($0) } == inode
        }
    }
}
