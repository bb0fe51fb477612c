import Glibc

/// The lock of the one server that may use a SQLite file: a lock on a file beside it, which contains the holder's
/// process id.
///
/// The kernel releases it when the holder ends, in whatever way. Commands that change memberships do not acquire it.
/// The lock file is never removed: removing it while another process opens it would create two locks.
public final class StoreLock: Sendable {
    /// The result of an attempt to acquire it.
    public enum Outcome: Sendable {
        /// The caller holds it until `release`, or until the process ends.
        case taken(StoreLock)
        /// Another process holds it; its id, when it could be read.
        case held(by: Int32?)
    }

    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Tries to acquire the lock of the SQLite file at `path`, without waiting. All links to the file share one lock.
    /// Throws `.unavailable` when the lock file cannot be opened.
    public static func take(of path: String) throws(StorageError) -> Outcome {
        let lockPath = resolved(path) + ".lock"
        // SAFETY: the path is read before the call returns.
        let descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StorageError(.unavailable, detail: "\"\(lockPath)\" cannot be opened (errno \(errno))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = holder(descriptor)
            Glibc.close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw StorageError(.unavailable, detail: "\"\(lockPath)\" cannot be locked (errno \(reason))")
            }
            return .held(by: holder)
        }
        let text = Array("\(getpid())\n".utf8)
        // SAFETY: the array is read before the call returns.
        guard ftruncate(descriptor, 0) == 0, unsafe pwrite(descriptor, text, text.count, 0) == text.count else {
            let reason = errno
            Glibc.close(descriptor)
            throw StorageError(.unavailable, detail: "\"\(lockPath)\" cannot be written (errno \(reason))")
        }
        return .taken(StoreLock(descriptor: descriptor))
    }

    /// Releases the lock. Call it once, after the store was closed.
    public func release() { Glibc.close(descriptor) }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        // SAFETY: the call writes no more bytes than the array has, and keeps no pointer.
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        return Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self))
    }

    /// The path with links resolved; unchanged when the file does not exist.
    private static func resolved(_ path: String) -> String {
        // SAFETY: the call allocates a NUL-terminated text, which is copied and then freed here.
        guard let found = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }
}
