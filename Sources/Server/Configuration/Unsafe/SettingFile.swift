import Glibc

/// The content of a file that has settings or a secret.
struct SettingFile: Sendable {
    let bytes: [UInt8]
    /// Whether every user of the machine may read it.
    let isReadableByOthers: Bool

    /// Why a file cannot be used.
    struct ReadError: Error, Sendable, CustomStringConvertible {
        let description: String
    }

    /// Reads a regular file of at most `byteCountMax` bytes, symbolic links followed. Blocks: never on a reactor.
    init(path: String, byteCountMax: Int) throws(ReadError) {
        // SAFETY: the path is read before the call returns. A FIFO does not block the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        // SAFETY: the call writes the local and keeps no pointer.
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ReadError(description: "it is not a regular file") }
        isReadableByOthers = status.st_mode & S_IROTH != 0
        // A byte more than allowed shows that the file is too long.
        var buffer = [UInt8](repeating: 0, count: byteCountMax + 1)
        var byteCount = 0
        while byteCount < buffer.count {
            let count = unsafe buffer.withUnsafeMutableBytes { rest in
                // SAFETY: the range is within the array, which outlives the call.
                unsafe read(descriptor, rest.baseAddress.map { unsafe $0 + byteCount }, rest.count - byteCount)
            }
            if count < 0 {
                guard errno == EINTR else { throw Self.failure(errno) }
                continue
            }
            if count == 0 { break }
            byteCount += count
        }
        guard byteCount <= byteCountMax else {
            throw ReadError(description: "it is larger than \(byteCountMax) bytes")
        }
        bytes = Array(buffer.prefix(byteCount))
    }

    private static func failure(_ number: Int32) -> ReadError {
        // SAFETY: the call returns a string of the C library, which is copied.
        ReadError(description: "it cannot be read (\(unsafe String(cString: strerror(number))))")
    }
}
