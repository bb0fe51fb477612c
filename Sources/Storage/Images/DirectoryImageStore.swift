import Dispatch

/// Images as files of one directory, which is made with the first of them.
///
/// A file is written under a temporary name, synced, and then given its own by a link, which fails when the name is
/// taken; the directory is synced last. The work is done on a queue of its own, at most `Limits.imageWorkCountMax` at
/// a time.
public final class DirectoryImageStore: ImageStore {
    private let path: String
    private let queue = DispatchQueue(label: "images", attributes: .concurrent)
    private let room = DispatchSemaphore(value: Limits.imageWorkCountMax)

    /// A store in the directory at `path`, absolute or relative to the working directory.
    public init(path: String) {
        self.path = path
    }

    /// See `ImageStore`.
    public func write(_ bytes: [UInt8], name: String) async throws(StorageError) {
        try await perform { path throws(StorageError) in
            try FileSystem.makeDirectory(path)
            try FileSystem.write(bytes, directory: path, name: name)
        }
    }

    /// See `ImageStore`.
    public func read(_ name: String) async throws(StorageError) -> [UInt8]? {
        try await perform { path throws(StorageError) in
            try FileSystem.read("\(path)/\(name)", byteCountMax: Limits.imageByteCountMax)
        }
    }

    /// See `ImageStore`.
    public func remove(_ name: String) async throws(StorageError) -> Bool {
        try await perform { path throws(StorageError) in try FileSystem.remove("\(path)/\(name)") }
    }

    private func perform<Value: Sendable>(
        _ body: @escaping @Sendable (String) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async { [path, room] in
                room.wait()
                defer { room.signal() }
                continuation.resume(
                    returning: Result { () throws(StorageError) in try body(path) })
            }
        }
        return try result.get()
    }
}
