import Primitives

/// Keeps the bytes of images under names that the server chose.
///
/// Any thread may call it. A call never blocks the caller's thread and resumes the caller on its own executor.
public protocol ImageStore: Sendable {
    /// Stores an image, all or nothing. The image is durable when this returns. Throws `.conflict` when the name is
    /// taken, `.full` when there is no room, `.unavailable` when the disk fails.
    func write(_ bytes: [UInt8], name: String) async throws(StorageError)

    /// Writes a piece of an image that has no name yet, at `offset`, which is the sum of the pieces before it. The
    /// pieces become durable in `finish`. A later server start removes an image that was neither finished nor
    /// discarded.
    func append(_ bytes: [UInt8], to partial: PartialImage, at offset: Int) async throws(StorageError)

    /// Gives a partial image its name, with the guarantees of `write`. The image remains partial when this throws.
    func finish(_ partial: PartialImage, name: String) async throws(StorageError)

    /// Removes a partial image, if it exists.
    func discard(_ partial: PartialImage) async throws(StorageError)

    /// Opens an image for reading in parts; nil when it does not exist.
    func open(_ name: String) async throws(StorageError) -> (any ImageBytes)?

    /// Reads all bytes of an image at once; nil when it does not exist. For tools and tests.
    func read(_ name: String) async throws(StorageError) -> [UInt8]?

    /// Removes an image; returns false when it did not exist.
    func remove(_ name: String) async throws(StorageError) -> Bool
}

/// An image that arrives piece by piece, under a unique name that the server chose.
public struct PartialImage: Hashable, Sendable {
    let name: String

    /// Creates a partial image with this name.
    public init(name: String) { self.name = name }
}

/// An image that is open for reading. It remains readable when it is removed meanwhile. Any thread may call it. A call
/// never blocks the caller's thread.
public protocol ImageBytes: Sendable {
    /// The size of the image.
    var byteCount: Int { get }

    /// Reads `byteCountMax` bytes from `offset`, fewer only at the end of the image.
    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8]
}

/// An image in memory.
struct WholeImage: ImageBytes {
    let bytes: [UInt8]

    var byteCount: Int { bytes.count }

    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8] {
        Array(bytes.dropFirst(offset).prefix(byteCountMax))
    }
}

/// Keeps the records of uploaded images. The rules of `MessageStore` apply.
public protocol ImageRecordStore: Sendable {
    /// Stores a record, which is durable when this returns. Throws `.conflict` when the id is taken.
    func addImage(_ image: Image) async throws(StorageError)

    /// Returns one record; nil when it does not exist.
    func image(_ id: MessageID) async throws(StorageError) -> Image?

    /// Removes a record; returns false when it did not exist.
    func removeImage(_ id: MessageID) async throws(StorageError) -> Bool

    /// Whether a message of the image's shop names the image, see `ImageNames`. O(log n).
    func isNamed(_ image: Image) async throws(StorageError) -> Bool

    /// Candidates for the search for orphans: at most `limit` images that were uploaded before `time` and are not
    /// marked as kept, oldest first, starting after `last`.
    func unkeptImages(
        createdBefore time: Timestamp, after last: Image?, limit: Int
    ) async throws(StorageError) -> [Image]

    /// Marks those of the images that belong to the shop as kept (a message names them), or removes the mark. The
    /// search for orphans skips images that are kept.
    func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError)
}
