import Glibc

/// The lock of the one server that may use a SQLite file: on a file beside it, with the holder's process id inside.
///
/// The kernel gives it up when the holder ends, however it ends. Commands that change memberships do not take it. The
/// file stays: one that was removed while another process opens it would be two locks.
public final class StoreLock: Sendable {
    /// What came of an attempt to take it.
    public enum Outcome: Sendable {
        /// It is the caller's until `release`, or the end of the process.
        case taken(StoreLock)
        /// Another process has it; its id, when it could be read.
        case held(by: Int32?)
    }

    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Takes the lock of the SQLite file at `path` without waiting. All names of the file that links give it share one
    /// lock. Throws `.unavailable` when the file of the lock cannot be made.
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

    /// Gives the lock up; once, after the store was closed.
    public func release() { Glibc.close(descriptor) }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        // SAFETY: the call writes no more bytes than the array has, and keeps no pointer.
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        return Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self))
    }

    /// The path without links; as it is while there is no such file.
    private static func resolved(_ path: String) -> String {
        // SAFETY: the call allocates a text that ends with NUL, which is copied and then freed here.
        guard let found = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }
}
