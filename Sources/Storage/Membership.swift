import Chat
import Primitives

/// A user's membership of a shop, with its role.
public struct Membership: Hashable, Sendable {
    /// The shop.
    public let shopID: ShopID
    /// The user.
    public let userID: UserID
    /// The user's role in the shop.
    public let role: ShopRole

    /// Creates a membership.
    public init(shopID: ShopID, userID: UserID, role: ShopRole) {
        self.shopID = shopID
        self.userID = userID
        self.role = role
    }
}
