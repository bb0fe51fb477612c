import Primitives

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

/// An image that is open for reading: it stays whole for its reader when it is removed meanwhile. Callable from any
/// thread; a call never blocks the caller's.
public protocol ImageBytes: Sendable {
    /// How large the image is.
    var byteCount: Int { get }

    /// So many bytes from `offset` on, fewer at the end only.
    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8]
}

/// An image that is in memory.
struct WholeImage: ImageBytes {
    let bytes: [UInt8]

    var byteCount: Int { bytes.count }

    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8] {
        Array(bytes.dropFirst(offset).prefix(byteCountMax))
    }
}

/// Keeps the records of uploaded images. The same rules as for `MessageStore` hold.
public protocol ImageRecordStore: Sendable {
    /// Stores a record; it is durable when this returns. Throws `.conflict` when the id is taken.
    func addImage(_ image: Image) async throws(StorageError)

    /// One record, or nil.
    func image(_ id: MessageID) async throws(StorageError) -> Image?

    /// Removes a record; false when there was none.
    func removeImage(_ id: MessageID) async throws(StorageError) -> Bool

    /// Whether a message of the image's shop names the image: see `ImageNames`. O(log n).
    func isNamed(_ image: Image) async throws(StorageError) -> Bool

    /// Images uploaded before `time` that nobody has marked as kept, the oldest first, from the one behind `last` on,
    /// at most `limit`: those that may be orphans.
    func unkeptImages(
        createdBefore time: Timestamp, after last: Image?, limit: Int
    ) async throws(StorageError) -> [Image]

    /// Marks those of the images that are of the shop as named by a message, or takes the mark away: what is kept is
    /// not looked at again by the search for orphans.
    func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError)
}
