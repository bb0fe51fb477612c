import Glibc
import Primitives

/// A file of tokens that may be replaced during a run. One thread.
struct TokenFile {
    private let path: String
    private var modified: (seconds: Int, nanoseconds: Int)
    private var soughtAt: MonotonicInstant?
    /// How often the file is looked at.
    private static let period = Duration.seconds(1)

    /// The file as it is now is the one that was read.
    init(path: String) {
        self.path = path
        modified = Self.modified(path) ?? (0, 0)
    }

    /// The tokens of the file when it was replaced since the last look; nil when it was not, or cannot be read. Looks
    /// once a second at the most.
    mutating func renewed(at now: MonotonicInstant) -> TokenSource? {
        if let soughtAt, now.since(soughtAt) < Self.period { return nil }
        soughtAt = now
        guard let found = Self.modified(path), found != modified, let text = FileBytes.text(path) else { return nil }
        modified = found
        return try? TokenSource(fileText: text)
    }

    private static func modified(_ path: String) -> (seconds: Int, nanoseconds: Int)? {
        var status = stat()
        // SAFETY: the call fills the local.
        guard unsafe stat(path, &status) == 0 else { return nil }
        return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
}
