import Primitives
import Storage

/// Whose memberships are to be looked at.
enum MembershipScope: Hashable, Sendable {
    /// One user's in one shop.
    case user(MembershipChange)
    /// Those of a shop.
    case shop(ShopID)
    /// All: more changed than is known.
    case everybody
}
