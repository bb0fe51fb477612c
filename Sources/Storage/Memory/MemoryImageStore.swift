import Synchronization

/// Images in memory, for tests and demos. They are lost when the process ends.
public final class MemoryImageStore: ImageStore {
    private let images = Mutex<[String: [UInt8]]>([:])
    private let partials = Mutex<[PartialImage: [UInt8]]>([:])

    /// The number of images that are neither finished nor discarded.
    package var partialCount: Int { partials.withLock { $0.count } }

    /// Creates an empty store.
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

    /// See `ImageStore`. O(bytes).
    public func append(_ bytes: [UInt8], to partial: PartialImage, at offset: Int) async throws(StorageError) {
        let isNext = partials.withLock { partials in
            guard partials[partial, default: []].count == offset else { return false }
            partials[partial, default: []] += bytes
            return true
        }
        if !isNext { throw StorageError(.unexpected, detail: "a piece of an image is out of place") }
    }

    /// See `ImageStore`. O(1).
    public func finish(_ partial: PartialImage, name: String) async throws(StorageError) {
        guard let bytes = partials.withLock({ $0[partial] }) else { throw StorageError(.unavailable, detail: "image") }
        try await write(bytes, name: name)
        try await discard(partial)
    }

    /// See `ImageStore`. O(1).
    public func discard(_ partial: PartialImage) async throws(StorageError) {
        partials.withLock { $0[partial] = nil }
    }

    /// See `ImageStore`. O(1).
    public func open(_ name: String) async throws(StorageError) -> (any ImageBytes)? {
        images.withLock { $0[name] }.map(WholeImage.init)
    }

    /// See `ImageStore`. O(1).
    public func read(_ name: String) async throws(StorageError) -> [UInt8]? { images.withLock { $0[name] } }

    /// See `ImageStore`. O(1).
    public func remove(_ name: String) async throws(StorageError) -> Bool {
        images.withLock { $0.removeValue(forKey: name) != nil }
    }
}
