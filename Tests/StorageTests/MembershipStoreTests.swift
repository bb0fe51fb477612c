import Chat
import Primitives
import Testing

@testable import Storage

/// What every store of memberships does.
@Suite struct MembershipStoreTests {
    static func membership(_ shop: String, _ user: String, _ role: ShopRole) -> Membership {
        Membership(shopID: ShopID(shop), userID: UserID(user), role: role)
    }

    @Test(arguments: StoreKind.allCases)
    func `a user without a membership has no role, whether the shop exists or not`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.createShop("shop", name: "The Shop", at: 1)
            #expect(try await store.role(of: "user", in: "shop") == nil)
            #expect(try await store.role(of: "user", in: "none") == nil)
            #expect(try await store.members(of: "shop").isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a shop is created once`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.createShop("shop", name: nil, at: 1)
            try await store.addMember(Self.membership("shop", "u", .admin), at: 2)
            #expect(
                await storageError {
                    try await store.createShop("shop", name: nil, at: 3)
                } == .conflict)
            #expect(try await store.role(of: "u", in: "shop") == .admin)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `members come, change and go`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.createShop("shop", name: nil, at: 1)
            try await store.addMember(Self.membership("shop", "b", .member), at: 2)
            try await store.addMember(Self.membership("shop", "a", .admin), at: 3)
            #expect(
                try await store.members(of: "shop") == [
                    Self.membership("shop", "a", .admin), Self.membership("shop", "b", .member),
                ])
            try await store.addMember(Self.membership("shop", "b", .admin), at: 4)
            #expect(try await store.role(of: "b", in: "shop") == .admin)
            #expect(try await store.removeMember("b", from: "shop"))
            #expect(try await store.removeMember("b", from: "shop") == false)
            #expect(try await store.removeMember("b", from: "none") == false)
            #expect(try await store.role(of: "b", in: "shop") == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a shop that does not exist has no members`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(
                await storageError {
                    try await store.addMember(Self.membership("none", "u", .member), at: 1)
                } == .notFound)
            #expect(await storageError { try await store.members(of: "none") } == .notFound)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an import makes shops, and stores all its rows or none`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.importMembers(
                [
                    Self.membership("s1", "u1", .admin), Self.membership("s1", "u2", .member),
                    Self.membership("s2", "u1", .member), Self.membership("s1", "u1", .member),
                ], at: 1)
            #expect(try await store.role(of: "u1", in: "s1") == .member)
            #expect(try await store.role(of: "u1", in: "s2") == .member)
            #expect(
                await storageError {
                    try await store.importMembers(
                        [Self.membership("s3", "u1", .admin), Self.membership("s4", "", .admin)], at: 2)
                } == .invalid)
            #expect(await storageError { try await store.members(of: "s3") } == .notFound)
            try await store.importMembers([], at: 3)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a row that was imported before changes nothing, unless it differs`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let rows = ["kept", "removed", "promoted", "replaced"].map { Self.membership("s", $0, .member) }
            try await store.importMembers(rows, at: 1)
            _ = try await store.removeMember("removed", from: "s")
            try await store.addMember(Self.membership("s", "promoted", .admin), at: 2)
            try await store.importMembers(rows + [Self.membership("s", "new", .member)], at: 3)
            #expect(try await store.members(of: "s").map(\.userID) == ["kept", "new", "promoted", "replaced"])
            #expect(try await store.role(of: "promoted", in: "s") == .admin)
            try await store.importMembers(
                ["removed", "replaced"].map { Self.membership("s", $0, .admin) }, at: 4)
            #expect(try await store.role(of: "removed", in: "s") == nil)
            #expect(try await store.role(of: "replaced", in: "s") == .admin)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `users have the name that was stored last`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.username(of: "u") == nil)
            try await store.setUsername("one", of: "u")
            try await store.setUsername("two", of: "u")
            #expect(try await store.username(of: "u") == "two")
            try await store.setUsername(nil, of: "u")
            #expect(try await store.username(of: "u") == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `members are listed in the order of their bytes`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let users = ["\u{e9}", "b", "e\u{301}", "B", "a"]
            try await store.importMembers(users.map { Self.membership("s", $0, .member) }, at: 1)
            #expect(try await store.members(of: "s").map(\.userID) == ["B", "a", "b", "e\u{301}", "\u{e9}"])
        }
    }
}
