import Primitives

/// The record of an image that a member uploaded; its bytes lie in an image store, under `fileName`.
public struct Image: Hashable, Sendable {
    /// The id that the upload was answered with.
    public var id: MessageID
    /// The shop whose members may see it.
    public var shopID: ShopID
    /// Who uploaded it.
    public var userID: UserID
    /// `jpg`, `png`, `gif` or `webp`, by its bytes.
    public var fileExtension: String
    /// When it was uploaded.
    public var createdAt: Timestamp

    /// Joins the parts.
    public init(id: MessageID, shopID: ShopID, userID: UserID, fileExtension: String, createdAt: Timestamp) {
        self.id = id
        self.shopID = shopID
        self.userID = userID
        self.fileExtension = fileExtension
        self.createdAt = createdAt
    }

    /// The name of its file, which is also the last segment of its URL. Nothing of it comes from the client.
    public var fileName: String { "\(id.text).\(fileExtension)" }
}
