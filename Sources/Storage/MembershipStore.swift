import Chat
import Primitives

/// Knows the shops, who is in them, and what users are called. The same rules as for `MessageStore` hold.
public protocol MembershipStore: Sendable {
    /// What `userID` may do in `shopID`; nil when it is no member or there is no such shop.
    func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole?

    /// Makes a shop. Throws `.conflict` when there is one of that id.
    func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError)

    /// Makes a user a member, or gives a member another role. Throws `.notFound` when there is no such shop.
    func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError)

    /// Ends a membership; false when there was none.
    func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool

    /// The members of a shop in the order of the bytes of their ids, all of them: for the command line. Throws
    /// `.notFound` when there is no such shop.
    func members(of shopID: ShopID) async throws(StorageError) -> [Membership]

    /// Imports the rows of a members file in one transaction, in their order; shops that are not there yet come into
    /// being. Nothing is removed.
    ///
    /// The store remembers each row. One that it has not seen makes the user a member or gives a member its role. One
    /// whose role changed since gives a member its role. One that it has seen changes nothing: a file that is read again
    /// neither brings back a membership that was removed since, nor takes back a role that was given since.
    func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError)

    /// The memberships that changed behind `position`, which an earlier answer gave; nil asks for a position alone.
    /// A change shows here once it is durable, whichever process made it.
    func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges

    /// What the table of users calls `userID`; nil when it does not.
    func username(of userID: UserID) async throws(StorageError) -> String?

    /// Gives a user a name in the table of users, or with nil takes it away.
    func setUsername(_ username: String?, of userID: UserID) async throws(StorageError)
}

/// A store of all kinds.
public typealias Store = ImageRecordStore & MembershipStore & MessageStore
