import Primitives

/// Keeps the records of uploaded images. The same rules as for `MessageStore` hold.
public protocol ImageRecordStore: Sendable {
    /// Stores a record; it is durable when this returns. Throws `.conflict` when the id is taken.
    func addImage(_ image: Image) async throws(StorageError)

    /// One record, or nil.
    func image(_ id: MessageID) async throws(StorageError) -> Image?

    /// Removes a record; false when there was none.
    func removeImage(_ id: MessageID) async throws(StorageError) -> Bool

    /// Whether a message of the image's shop has the image's file name in its text. O(messages since the upload).
    func isNamed(_ image: Image) async throws(StorageError) -> Bool

    /// The oldest images uploaded before `time` that nobody has marked as kept, at most `limit`: those that may be
    /// orphans.
    func unkeptImages(createdBefore time: Timestamp, limit: Int) async throws(StorageError) -> [Image]

    /// Marks an image as named by a message, or takes the mark away: what is kept is not looked at again by the search
    /// for orphans. Nothing happens when there is no such image.
    func setKept(_ isKept: Bool, image id: MessageID) async throws(StorageError)
}
