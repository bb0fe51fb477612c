import Primitives
import Storage

/// Whose memberships to check.
enum MembershipScope: Hashable, Sendable {
    /// That of one user in one shop.
    case user(MembershipChange)
    /// Those of a shop.
    case shop(ShopID)
    /// All, as more changed than is known.
    case all
}
