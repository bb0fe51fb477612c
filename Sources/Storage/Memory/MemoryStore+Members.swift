import Chat
import Primitives
import Synchronization

extension MemoryStore {
    /// See `MembershipStore`. O(1).
    public func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole? {
        try withState { state in state.members[shopID]?[userID] }
    }

    /// See `MembershipStore`. O(1).
    public func knownRole(of userID: UserID, in shopID: ShopID) -> KnownRole {
        state.withLock { state in
            if state.isClosed { return .unknown }
            return if let role = state.members[shopID]?[userID] { .member(role) } else { .notMember }
        }
    }

    /// See `MembershipStore`. O(1).
    public func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError) {
        try Validation.check(shopID)
        try Validation.check(name: name)
        try withState { state throws(StorageError) in
            if state.members[shopID] != nil { throw StorageError(.conflict, detail: "shop id") }
            state.members[shopID] = [:]
        }
    }

    /// See `MembershipStore`. O(1).
    public func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError) {
        try Validation.check(membership)
        try withState { state throws(StorageError) in
            if state.members[membership.shopID] == nil { throw StorageError(.notFound, detail: "shop") }
            Self.set(membership, in: &state)
        }
    }

    /// See `MembershipStore`. O(1).
    public func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool {
        try withState { state in
            guard state.members[shopID]?.removeValue(forKey: userID) != nil else { return false }
            Self.note(MembershipChange(shopID: shopID, userID: userID), in: &state)
            return true
        }
    }

    /// See `MembershipStore`. O(n log n).
    public func members(of shopID: ShopID) async throws(StorageError) -> [Membership] {
        let members = try withState { state in state.members[shopID] }
        guard let members else { throw StorageError(.notFound, detail: "shop") }
        return members.map { Membership(shopID: shopID, userID: $0.key, role: $0.value) }
            .sorted { $0.userID.precedes($1.userID) }
    }

    /// See `MembershipStore`. O(n).
    public func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError) {
        for row in rows { try Validation.check(row) }
        try withState { state in
            for row in rows {
                let key = MembershipChange(shopID: row.shopID, userID: row.userID)
                let imported = state.importedRoles.updateValue(row.role, forKey: key)
                let isMember = state.members[row.shopID, default: [:]][row.userID] != nil
                if imported == nil || imported != row.role && isMember { Self.set(row, in: &state) }
            }
        }
    }

    /// See `MembershipStore`. O(changes).
    public func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges {
        try withState { state in
            let count = state.membershipChangeCount
            let missed = position.map { max(0, count - $0) } ?? 0
            return MembershipChanges(
                position: count, changes: Array(state.membershipChanges.suffix(Int(clamping: missed))),
                isIncomplete: missed > Int64(state.membershipChanges.count))
        }
    }

    /// See `MembershipStore`. O(1).
    public func username(of userID: UserID) async throws(StorageError) -> String? {
        try withState { state in state.usernames[userID] }
    }

    /// See `MembershipStore`. O(1).
    public func setUsername(_ username: String?, of userID: UserID) async throws(StorageError) {
        try Validation.check(userID)
        try Validation.check(username: username)
        try withState { state in state.usernames[userID] = username }
    }

    private static func set(_ membership: Membership, in state: inout State) {
        let before = state.members[membership.shopID, default: [:]].updateValue(
            membership.role, forKey: membership.userID)
        guard before != membership.role else { return }
        note(MembershipChange(shopID: membership.shopID, userID: membership.userID), in: &state)
    }

    /// Records a change and drops the oldest ones. The log may reach twice its limit, so that dropping costs O(1)
    /// amortised.
    private static func note(_ change: MembershipChange, in state: inout State) {
        state.membershipChangeCount += 1
        state.membershipChanges.append(change)
        if state.membershipChanges.count > 2 * Limits.membershipChangeCountMax {
            state.membershipChanges.removeFirst(Limits.membershipChangeCountMax)
        }
    }
}
