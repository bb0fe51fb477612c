import Primitives

/// A membership that was created, removed or given another role, perhaps by another process.
public struct MembershipChange: Hashable, Sendable {
    /// The shop.
    public var shopID: ShopID
    /// The user.
    public var userID: UserID

    /// Creates a change.
    public init(shopID: ShopID, userID: UserID) {
        self.shopID = shopID
        self.userID = userID
    }

    /// The hash for a table with this seed, of the two hashes that the identifiers carry; O(1).
    public func _rawHashValue(seed: Int) -> Int { shopID._rawHashValue(seed: userID._rawHashValue(seed: seed)) }
}

/// The memberships that changed since the caller's last read.
public struct MembershipChanges: Sendable, Equatable {
    /// The position of this answer, for the caller's next read.
    public var position: Int64
    /// The changes in their order. A membership may occur several times.
    public var changes: [MembershipChange]
    /// Whether changes are missing, so that any membership may have changed.
    public var isIncomplete: Bool

    /// Creates an answer.
    public init(position: Int64, changes: [MembershipChange], isIncomplete: Bool) {
        self.position = position
        self.changes = changes
        self.isIncomplete = isIncomplete
    }
}
