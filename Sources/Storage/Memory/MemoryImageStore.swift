import Synchronization

/// Images in memory, for tests and trying out: gone when the process ends.
public final class MemoryImageStore: ImageStore {
    private let images = Mutex<[String: [UInt8]]>([:])

    /// An empty store.
    public init() {}

    /// See `ImageStore`. O(1).
    public func write(_ bytes: [UInt8], name: String) async throws(StorageError) {
        let isTaken = images.withLock { images in
            guard images[name] == nil else { return true }
            images[name] = bytes
            return false
        }
        if isTaken { throw StorageError(.conflict, detail: "image name") }
    }

    /// See `ImageStore`. O(1).
    public func byteCount(of name: String) async throws(StorageError) -> Int? {
        images.withLock { $0[name]?.count }
    }

    /// See `ImageStore`. O(1).
    public func read(_ name: String) async throws(StorageError) -> [UInt8]? { images.withLock { $0[name] } }

    /// See `ImageStore`. O(1).
    public func remove(_ name: String) async throws(StorageError) -> Bool {
        images.withLock { $0.removeValue(forKey: name) != nil }
    }
}
