import Glibc
import TLS

/// What tells one version of a file from another: a new file has another inode, a rewritten one another time.
struct FileVersion: Hashable, Sendable {
    private let path: String
    private var device: UInt64 = 0
    private var inode: UInt64 = 0
    private var byteCount: Int64 = 0
    private var seconds = 0
    private var nanoseconds = 0

    /// The version of no file.
    init(path: String) { self.path = path }

    private init(of path: String) {
        self.path = path
        var status = stat()
        // SAFETY: the call writes the local and keeps no pointer.
        guard unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 else { return }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        byteCount = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }

    /// The versions of all files, symbolic links followed.
    static func of(_ files: [TLSCertificateFiles]) -> [FileVersion] {
        files.flatMap { [FileVersion(of: $0.certificatePath), FileVersion(of: $0.keyPath)] }
    }
}
