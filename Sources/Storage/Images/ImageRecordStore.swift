import Primitives

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
