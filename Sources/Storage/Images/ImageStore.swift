/// Keeps the bytes of images under names that the server chose.
///
/// Callable from any thread; it never blocks the caller's, and resumes the caller on its own executor.
public protocol ImageStore: Sendable {
    /// Stores an image; it is durable when this returns, and there or not there at any moment before: never in part.
    /// Throws `.conflict` when the name is taken, `.full` when there is no room, `.unavailable` when the disk fails.
    func write(_ bytes: [UInt8], name: String) async throws(StorageError)

    /// Writes a piece of an image that has no name yet, at `offset`, the sum of the pieces before it. What is neither
    /// finished nor discarded is removed when a server starts later. Durable only when it is finished.
    func append(_ bytes: [UInt8], to partial: PartialImage, at offset: Int) async throws(StorageError)

    /// Gives a partial image its name, with the promises of `write`. It is partial still when this throws.
    func finish(_ partial: PartialImage, name: String) async throws(StorageError)

    /// Removes a partial image, if it is there.
    func discard(_ partial: PartialImage) async throws(StorageError)

    /// Opens an image to be read in parts; nil when there is none.
    func open(_ name: String) async throws(StorageError) -> (any ImageBytes)?

    /// All bytes of an image at once, or nil: for tools and tests.
    func read(_ name: String) async throws(StorageError) -> [UInt8]?

    /// Removes an image; false when there was none.
    func remove(_ name: String) async throws(StorageError) -> Bool
}

/// An image that arrives piece by piece, under a name that the server made and no other image has.
public struct PartialImage: Hashable, Sendable {
    let name: String

    /// Names one.
    public init(name: String) { self.name = name }
}
