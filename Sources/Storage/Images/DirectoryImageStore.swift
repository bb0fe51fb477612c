import Dispatch
import Synchronization

/// Images as files of one directory. The first write creates the directory.
///
/// A file is written under a temporary name and synced. A link then gives it its final name, which fails when the name
/// is taken. The directory is synced last. The work runs on `Limits.imageWorkCountMax` queues of the store's own, each
/// with one thread at a time, so that a slow disk blocks no other threads. All syncs share one queue: with several
/// concurrent syncs, the commits of a store on the same disk take twice as long.
public final class DirectoryImageStore: ImageStore {
    private let path: String
    private let queues = (0..<Limits.imageWorkCountMax).map { DispatchQueue(label: "images-\($0)") }
    private let syncQueue = DispatchQueue(label: "images-sync")
    private let turn = Atomic(0)

    /// Creates a store in the directory at `path`, absolute or relative to the working directory.
    public init(path: String) {
        self.path = path
    }

    /// Checks the directory when the server starts. Throws `.unavailable` when images cannot be written. Removes the
    /// temporary files of writes that an earlier server did not finish. Does not create a missing directory.
    public func prepare() async throws(StorageError) {
        try await perform { path throws(StorageError) in
            try FileSystem.requireWritable(path)
            try FileSystem.removeTemporaries(of: path, olderThan: Limits.temporaryFileAgeMax)
        }
    }

    /// The key that signs the URLs of these images, from the file `.signing-key` in the directory. The first call
    /// creates it; nodes that share the directory share the key.
    public func signingKey(byteCount: Int) async throws(StorageError) -> [UInt8] {
        try await perform { path throws(StorageError) in
            try FileSystem.makeDirectory(path)
            return try FileSystem.key(named: ".signing-key", of: path, byteCount: byteCount)
        }
    }

    /// See `ImageStore`.
    public func write(_ bytes: [UInt8], name: String) async throws(StorageError) {
        try await perform(on: syncQueue) { path throws(StorageError) in
            try FileSystem.makeDirectory(path)
            try FileSystem.write(bytes, directory: path, name: name)
        }
    }

    /// See `ImageStore`.
    public func append(_ bytes: [UInt8], to partial: PartialImage, at offset: Int) async throws(StorageError) {
        try await perform { path throws(StorageError) in
            if offset == 0 { try FileSystem.makeDirectory(path) }
            try FileSystem.append(bytes, toTemporary: partial.name, of: path, at: offset)
        }
    }

    /// See `ImageStore`.
    public func finish(_ partial: PartialImage, name: String) async throws(StorageError) {
        try await perform(on: syncQueue) { path throws(StorageError) in
            try FileSystem.finish(temporary: partial.name, of: path, name: name)
        }
    }

    /// See `ImageStore`.
    public func discard(_ partial: PartialImage) async throws(StorageError) {
        _ = try await perform { path throws(StorageError) in
            try FileSystem.remove(FileSystem.temporaryPath(partial.name, of: path))
        }
    }

    /// See `ImageStore`.
    public func open(_ name: String) async throws(StorageError) -> (any ImageBytes)? {
        let file = try await perform { path throws(StorageError) in try OpenFile(path: "\(path)/\(name)") }
        return file.map { DirectoryImage(file: $0, store: self) }
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

    fileprivate func perform<Value: Sendable>(
        _ body: @escaping @Sendable (String) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let index = turn.wrappingAdd(1, ordering: .relaxed).newValue
        return try await perform(on: queues[Int(UInt(bitPattern: index) % UInt(queues.count))], body)
    }

    private func perform<Value: Sendable>(
        on queue: DispatchQueue, _ body: @escaping @Sendable (String) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async { [path] in
                continuation.resume(returning: Result { () throws(StorageError) in try body(path) })
            }
        }
        return try result.get()
    }
}

/// An open file in a directory of images.
private struct DirectoryImage: ImageBytes {
    let file: OpenFile
    let store: DirectoryImageStore

    var byteCount: Int { file.byteCount }

    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8] {
        try await store.perform { [file] _ throws(StorageError) in
            try file.read(at: offset, byteCountMax: byteCountMax)
        }
    }
}
