import Primitives

/// The record of an image that a member uploaded. An image store holds its bytes, under `fileName`.
public struct Image: Hashable, Sendable {
    /// The id that the response to the upload contained.
    public var id: MessageID
    /// The shop whose members may see the image.
    public var shopID: ShopID
    /// The user that uploaded it.
    public var userID: UserID
    /// `jpg`, `png`, `gif` or `webp`, detected from the bytes.
    public var fileExtension: String
    /// When it was uploaded.
    public var createdAt: Timestamp

    /// Creates a record.
    public init(id: MessageID, shopID: ShopID, userID: UserID, fileExtension: String, createdAt: Timestamp) {
        self.id = id
        self.shopID = shopID
        self.userID = userID
        self.fileExtension = fileExtension
        self.createdAt = createdAt
    }

    /// The name of the image's file, which is also the last segment of its URL. No part of it comes from the client.
    public var fileName: String { "\(id.text).\(fileExtension)" }
}
