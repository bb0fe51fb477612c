import Glibc

/// The few calls that durable files take, with their errors as the store's. They block.
enum FileSystem {
    /// Makes a directory and those above it that are missing.
    static func makeDirectory(_ path: String) throws(StorageError) {
        if unsafe mkdir(path, 0o750) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("mkdir")
        }
        try makeDirectory(String(path[..<slash]))
        guard unsafe mkdir(path, 0o750) == 0 || errno == EEXIST else { throw failure("mkdir") }
    }

    /// Writes a new file of a directory, whole or not at all, and waits until it is durable.
    static func write(_ bytes: [UInt8], directory: String, name: String) throws(StorageError) {
        let temporary = "\(directory)/.\(name).\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("open") }
        defer { unsafe unlink(temporary) }
        try fill(descriptor, with: bytes)
        guard unsafe link(temporary, "\(directory)/\(name)") == 0 else {
            throw errno == EEXIST ? StorageError(.conflict, detail: "image name") : failure("link")
        }
        try syncDirectory(directory)
    }

    /// The bytes of a file; nil when there is none. Throws `.invalid` for a larger one.
    static func read(_ path: String, byteCountMax: Int) throws(StorageError) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open")
        }
        defer { close(descriptor) }
        var status = stat()
        // SAFETY: the call writes the local and keeps no pointer.
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("fstat") }
        guard status.st_size <= byteCountMax else { throw StorageError(.invalid, detail: "image size") }
        let byteCount = Int(status.st_size)
        var offset = 0
        var readErrno: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            while offset < byteCount {
                // SAFETY: the call writes at most what is left of the array's storage.
                let taken = unsafe Glibc.read(
                    descriptor, buffer.baseAddress.unsafelyUnwrapped + offset, byteCount - offset)
                if taken < 0, errno == EINTR { continue }
                if taken < 0 { readErrno = errno }
                if taken <= 0 { break }
                offset += taken
            }
            count = offset
        }
        errno = readErrno
        guard readErrno == 0 else { throw failure("read") }
        return bytes
    }

    /// Removes a file; false when there was none.
    static func remove(_ path: String) throws(StorageError) -> Bool {
        if unsafe unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw failure("unlink")
    }

    /// Writes, syncs and closes.
    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) throws(StorageError) {
        defer { close(descriptor) }
        try writeAll(bytes, to: descriptor)
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(StorageError) {
        var offset = 0
        while offset < bytes.count {
            // SAFETY: the call reads the rest of the array, which outlives it.
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.unsafelyUnwrapped + offset, buffer.count - offset)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure("write") }
            offset += written
        }
    }

    /// Makes the names of a directory durable.
    private static func syncDirectory(_ path: String) throws(StorageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    private static func failure(_ call: String) -> StorageError {
        let errnoValue = errno
        let isFull = errnoValue == ENOSPC || errnoValue == EDQUOT || errnoValue == EFBIG
        return StorageError(isFull ? .full : .unavailable, detail: "\(call): errno \(errnoValue)")
    }
}
