import Chat
import Primitives

/// Keeps the shops, their members, and the names of users. The rules of `MessageStore` apply.
public protocol MembershipStore: Sendable {
    /// The role of `userID` in `shopID`; nil when the user is not a member or the shop does not exist.
    func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole?

    /// The same, when the store knows it without waiting. O(1).
    func knownRole(of userID: UserID, in shopID: ShopID) -> KnownRole

    /// Creates a shop. Throws `.conflict` when a shop with that id exists.
    func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError)

    /// Makes a user a member, or gives a member another role. Throws `.notFound` when the shop does not exist.
    func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError)

    /// Removes a membership; returns false when it did not exist.
    func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool

    /// All members of a shop, ordered by the bytes of their ids. For the command line. Throws `.notFound` when the shop
    /// does not exist.
    func members(of shopID: ShopID) async throws(StorageError) -> [Membership]

    /// Imports the rows of a members file in one transaction, in their order. Creates shops that do not exist. Removes
    /// nothing.
    ///
    /// The store remembers each row that it has imported:
    ///
    /// - A new row makes the user a member or sets the member's role.
    /// - A row whose role changed since the last import sets the member's role.
    /// - An unchanged row does nothing. Reading a file again neither restores a membership that was removed since, nor
    ///   reverts a role that was changed since.
    func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError)

    /// The memberships that changed after `position`, which an earlier answer contained; nil requests only a position.
    /// A change is included once it is durable, whichever process made it.
    func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges

    /// The name of `userID` in the table of users; nil when it has none.
    func username(of userID: UserID) async throws(StorageError) -> String?

    /// Sets a user's name in the table of users; nil removes it.
    func setUsername(_ username: String?, of userID: UserID) async throws(StorageError)
}

extension MembershipStore {
    /// A store that looks memberships up knows none of them.
    public func knownRole(of userID: UserID, in shopID: ShopID) -> KnownRole { .unknown }
}

/// What is known of a user's role in a shop.
public enum KnownRole: Hashable, Sendable {
    /// It must be looked up.
    case unknown
    /// The user is not a member, or the shop does not exist.
    case notMember
    case member(ShopRole)
}

/// A store of messages, memberships and image records.
public typealias Store = ImageRecordStore & MembershipStore & MessageStore
