import Glibc

/// The file system calls that durable files need, with errors mapped to `StorageError`. They block.
enum FileSystem {
    private static let temporaryEnding = ".partial"

    /// Creates a directory and its missing parents, durably.
    static func makeDirectory(_ path: String) throws(StorageError) {
        if unsafe mkdir(path, 0o750) == 0 { return try syncDirectory(parent(of: path)) }
        if errno == EEXIST { return }
        guard errno == ENOENT, parent(of: path) != path else { throw failure("mkdir") }
        try makeDirectory(parent(of: path))
        guard unsafe mkdir(path, 0o750) == 0 || errno == EEXIST else { throw failure("mkdir") }
        try syncDirectory(parent(of: path))
    }

    /// The directory that contains the last component of a path.
    private static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    /// Throws when the directory is not writable, or when it is missing and cannot be created.
    static func requireWritable(_ path: String) throws(StorageError) {
        if unsafe access(path, F_OK) != 0, errno == ENOENT, parent(of: path) != path {
            return try requireWritable(parent(of: path))
        }
        var status = stat()
        // SAFETY: the call writes the local and keeps no pointer.
        guard unsafe stat(path, &status) == 0 else { throw failure("stat") }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw StorageError(.unavailable, detail: "no directory") }
        guard unsafe access(path, W_OK | X_OK) == 0 else { throw failure("access") }
    }

    /// Removes the temporary files of unfinished writes that are older than `age`. Younger ones may belong to another
    /// process that is still writing.
    static func removeTemporaries(of path: String, olderThan age: Duration) throws(StorageError) {
        guard let directory = unsafe opendir(path) else {
            if errno == ENOENT { return }
            throw failure("opendir")
        }
        // SAFETY: this function owns the stream until it returns, and reads an entry before it requests the next one.
        defer { unsafe closedir(directory) }
        let deadline = time(nil) - Int(age.components.seconds)
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe String(cString: UnsafeRawPointer(tuple).assumingMemoryBound(to: CChar.self))
            }
            guard name.hasPrefix("."), name.hasSuffix(temporaryEnding) else { continue }
            var status = stat()
            guard unsafe stat("\(path)/\(name)", &status) == 0, status.st_mtim.tv_sec < deadline else { continue }
            _ = try remove("\(path)/\(name)")
        }
    }

    /// Writes a new file to a directory, all or nothing, and waits until it is durable.
    static func write(_ bytes: [UInt8], directory: String, name: String, mode: mode_t = 0o640) throws(StorageError) {
        let temporary = "\(directory)/.\(name).\(UInt64.random(in: 0...UInt64.max))\(temporaryEnding)"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("open") }
        defer { unsafe unlink(temporary) }
        try fill(descriptor, with: bytes)
        try self.name(temporary, as: name, of: directory)
    }

    /// Returns the random key in a file of mode 0600. Creates the file when it is missing. When several processes
    /// create it at once, one succeeds and the others read its key.
    static func key(named name: String, of directory: String, byteCount: Int) throws(StorageError) -> [UInt8] {
        let path = "\(directory)/\(name)"
        var key = try read(path, byteCountMax: byteCount)
        if key == nil {
            var generator = SystemRandomNumberGenerator()
            let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            do throws(StorageError) {
                try write(bytes, directory: directory, name: name, mode: 0o600)
            } catch {
                guard error.kind == .conflict else { throw error }
            }
            key = try read(path, byteCountMax: byteCount)
        }
        guard let key, key.count == byteCount else {
            throw StorageError(.invalid, detail: "\(name) is no key of \(byteCount) bytes")
        }
        return key
    }

    /// The path of a temporary file.
    static func temporaryPath(_ name: String, of directory: String) -> String {
        "\(directory)/.\(name)\(temporaryEnding)"
    }

    /// Writes a piece of a temporary file. The first piece creates the file. It is not kept open between pieces.
    static func append(
        _ bytes: [UInt8], toTemporary name: String, of directory: String, at offset: Int
    ) throws(StorageError) {
        let flags = offset == 0 ? O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC : O_WRONLY | O_CLOEXEC
        let descriptor = unsafe open(temporaryPath(name, of: directory), flags, 0o640)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw failure("lseek") }
        try writeAll(bytes, to: descriptor)
    }

    /// Syncs a temporary file and gives it its final name.
    static func finish(temporary: String, of directory: String, name: String) throws(StorageError) {
        let path = temporaryPath(temporary, of: directory)
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        do {
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw failure("fsync") }
        }
        try self.name(path, as: name, of: directory)
        unsafe unlink(path)
    }

    /// Gives a file its final name unless that is taken, and waits until the name is durable.
    private static func name(_ path: String, as name: String, of directory: String) throws(StorageError) {
        guard unsafe link(path, "\(directory)/\(name)") == 0 else {
            throw errno == EEXIST ? StorageError(.conflict, detail: "image name") : failure("link")
        }
        do throws(StorageError) {
            try syncDirectory(directory)
        } catch {
            // The caller treats an error as "not stored", so remove the name again.
            unsafe unlink("\(directory)/\(name)")
            throw error
        }
    }

    /// The bytes of a file; nil when it does not exist. Throws `.invalid` when it is larger than `byteCountMax`.
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
                // SAFETY: the call writes at most the bytes that remain of the array's storage.
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

    /// Removes a file; returns false when it did not exist.
    static func remove(_ path: String) throws(StorageError) -> Bool {
        if unsafe unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw failure("unlink")
    }

    /// Writes the bytes, syncs and closes the descriptor.
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

    /// Makes the entries of a directory durable.
    private static func syncDirectory(_ path: String) throws(StorageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    static func failure(_ call: String) -> StorageError {
        let errnoValue = errno
        let isFull = errnoValue == ENOSPC || errnoValue == EDQUOT || errnoValue == EFBIG
        return StorageError(isFull ? .full : .unavailable, detail: "\(call): errno \(errnoValue)")
    }
}
