/// Keeps the bytes of images under names that the server chose.
///
/// Callable from any thread; it never blocks the caller's, and resumes the caller on its own executor.
public protocol ImageStore: Sendable {
    /// Stores an image; it is durable when this returns, and there or not there at any moment before: never in part.
    /// Throws `.conflict` when the name is taken, `.full` when there is no room, `.unavailable` when the disk fails.
    func write(_ bytes: [UInt8], name: String) async throws(StorageError)

    /// How large an image is, or nil when there is none.
    func byteCount(of name: String) async throws(StorageError) -> Int?

    /// The bytes of an image, or nil.
    func read(_ name: String) async throws(StorageError) -> [UInt8]?

    /// Removes an image; false when there was none.
    func remove(_ name: String) async throws(StorageError) -> Bool
}
