import Glibc

/// A file that is open for reading. The last reference closes it. Any thread may use it; its calls block.
final class OpenFile: Sendable {
    private let descriptor: Int32
    /// The size of the file when it was opened.
    let byteCount: Int

    /// Opens the file; nil when it does not exist.
    init?(path: String) throws(StorageError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            byteCount = 0
            if errno == ENOENT { return nil }
            throw FileSystem.failure("open")
        }
        var status = stat()
        // SAFETY: the call writes the local and keeps no pointer.
        let isKnown = unsafe fstat(descriptor, &status) == 0
        byteCount = isKnown ? Int(status.st_size) : 0
        guard isKnown else { throw FileSystem.failure("fstat") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Reads `byteCountMax` bytes from `offset`, fewer only at the end of the file.
    func read(at offset: Int, byteCountMax: Int) throws(StorageError) -> [UInt8] {
        let wantedByteCount = max(0, min(byteCountMax, byteCount - offset))
        var readErrno: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wantedByteCount) { buffer, count in
            while count < wantedByteCount {
                // SAFETY: the call writes at most the bytes that remain of the array's storage.
                let taken = unsafe pread(
                    descriptor, buffer.baseAddress.unsafelyUnwrapped + count, wantedByteCount - count,
                    off_t(offset + count))
                if taken < 0, errno == EINTR { continue }
                if taken < 0 { readErrno = errno }
                if taken <= 0 { break }
                count += taken
            }
        }
        errno = readErrno
        guard readErrno == 0 else { throw FileSystem.failure("pread") }
        guard bytes.count == wantedByteCount else { throw StorageError(.unexpected, detail: "a file became shorter") }
        return bytes
    }
}
