import Chat
import Primitives
import Testing

@testable import Storage

/// How every store reports changed memberships.
@Suite struct MembershipChangeTests {
    private func member(_ user: UserID, _ role: ShopRole = .member) -> Membership {
        Membership(shopID: "shop", userID: user, role: role)
    }

    @Test(arguments: StoreKind.embedded)
    func `the first look returns a position and no earlier changes`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.importMembers([member("ada"), member("grace")], at: 1)
            let first = try await store.membershipChanges(after: nil)
            #expect(first.changes.isEmpty && !first.isIncomplete)
            let second = try await store.membershipChanges(after: first.position)
            #expect(second == MembershipChanges(position: first.position, changes: [], isIncomplete: false))
        }
    }

    @Test(arguments: StoreKind.embedded)
    func `each change is returned once, in order`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let none: [UserID] = []
            try await store.createShop("shop", name: nil, at: 1)
            var position = try await store.membershipChanges(after: nil).position
            func changedUsers() async throws -> [UserID] {
                let answer = try await store.membershipChanges(after: position)
                position = answer.position
                #expect(!answer.isIncomplete && answer.changes.allSatisfy { $0.shopID == "shop" })
                return answer.changes.map(\.userID)
            }
            try await store.addMember(member("ada"), at: 2)
            try await store.addMember(member("grace"), at: 3)
            #expect(try await changedUsers() == ["ada", "grace"])
            #expect(try await changedUsers() == none)
            _ = try await store.removeMember("ada", from: "shop")
            _ = try await store.removeMember("ada", from: "shop")
            #expect(try await changedUsers() == ["ada"])
            // The same role again is no change; another one is.
            try await store.addMember(member("grace"), at: 4)
            #expect(try await changedUsers() == none)
            try await store.addMember(member("grace", .admin), at: 5)
            let changed = try await Set(changedUsers())
            #expect(changed == ["grace"])
        }
    }

    @Test(arguments: StoreKind.embedded)
    func `a list is incomplete when more changes were missed than are remembered`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.importMembers([member("first")], at: 1)
            let position = try await store.membershipChanges(after: nil).position
            let rows = (0..<2 * Limits.membershipChangeCountMax + 10).map { member(UserID("user-\($0)")) }
            try await store.importMembers(rows, at: 2)
            let late = try await store.membershipChanges(after: position)
            #expect(late.isIncomplete)
            let recent = try await store.membershipChanges(after: late.position - 5)
            #expect(!recent.isIncomplete && recent.changes.count == 5)
        }
    }
}
