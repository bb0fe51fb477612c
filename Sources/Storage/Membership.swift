import Chat
import Primitives

/// That a user is in a shop, and as what.
public struct Membership: Hashable, Sendable {
    /// The shop.
    public let shopID: ShopID
    /// The user.
    public let userID: UserID
    /// What the user may do there.
    public let role: ShopRole

    /// Joins the parts as they are.
    public init(shopID: ShopID, userID: UserID, role: ShopRole) {
        self.shopID = shopID
        self.userID = userID
        self.role = role
    }
}
