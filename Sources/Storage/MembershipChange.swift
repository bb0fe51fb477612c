import Primitives

/// A membership that was made, ended or given another role, perhaps by another process.
public struct MembershipChange: Hashable, Sendable {
    /// The shop.
    public var shopID: ShopID
    /// The user.
    public var userID: UserID

    /// Joins the parts.
    public init(shopID: ShopID, userID: UserID) {
        self.shopID = shopID
        self.userID = userID
    }
}

/// The memberships that changed since somebody last asked.
public struct MembershipChanges: Sendable, Equatable {
    /// Stands for the moment of this answer; to be given with the next question.
    public var position: Int64
    /// The changes in their order, each membership perhaps several times.
    public var changes: [MembershipChange]
    /// Whether more changed than is known: any membership may have.
    public var isIncomplete: Bool

    /// Joins the parts.
    public init(position: Int64, changes: [MembershipChange], isIncomplete: Bool) {
        self.position = position
        self.changes = changes
        self.isIncomplete = isIncomplete
    }
}
