import Auth
import Chat
import HTTP
import HTTPTypes
import Primitives
import Storage
import Testing

@testable import API

/// What handlers share, on reactors that do not own the shop or the user.
@Suite struct ContextTests {
    private static let (shop, user) = (ShopID("shop"), UserID("grace"))

    // MARK: - Tokens

    /// A request without a token in its header.
    private static let request = Request(
        RequestPlan(head: RequestHead(method: .get, path: "/"), match: .notFound, body: .dropped, identity: nil),
        .bytes([]), from: RequestSource(connection: ConnectionID(slot: 1, generation: 1)))

    @Test func `a token with an unknown key waits for a read of the keys`() async throws {
        let context = TestContext()
        context.reloadedTokens = ["key:grace"]
        #expect(try await context.identity(of: Self.request, orOf: "key:grace").userID == Self.user)
        #expect(context.refusedTokens.isEmpty, "a token that was verified late was not refused")
    }

    @Test func `a token whose key stays unknown is refused and counted once`() async {
        let context = TestContext()
        for tokens in [nil, Set<String>()] {
            context.reloadedTokens = tokens
            let error = await #expect(throws: APIError.self) {
                try await context.identity(of: Self.request, orOf: "key:grace")
            }
            #expect(error?.code == AuthError.unknownKey.code)
        }
        #expect(context.refusedTokens == [.unknownKey, .unknownKey])
    }

    // MARK: - Roles

    @Test func `a role that was looked up before needs no store`() async throws {
        let context = TestContext()
        context.remember(.admin, of: Self.user, in: Self.shop, lookedUpAt: context.membershipVersion)
        context.memory.fail()
        #expect(context.knownRole(of: Self.user, in: Self.shop) == .member(.admin))
        #expect(try await context.role(of: Self.user, in: Self.shop) == .admin)
    }

    @Test func `a role that the store knows needs no wait`() async throws {
        let context = TestContext()
        #expect(context.knownRole(of: Self.user, in: Self.shop) == .notMember)
        try await context.memory.importMembers(
            [Membership(shopID: Self.shop, userID: Self.user, role: .admin)], at: context.civilTime)
        #expect(context.knownRole(of: Self.user, in: Self.shop) == .member(.admin))
        context.memory.fail()
        #expect(context.knownRole(of: Self.user, in: Self.shop) == .unknown)
        await #expect(throws: APIError.self) { try await context.role(of: Self.user, in: Self.shop) }
    }

    @Test func `a user without a role is looked up each time`() async throws {
        let context = TestContext()
        #expect(try await context.role(of: Self.user, in: Self.shop) == nil)
        try await context.memory.importMembers(
            [Membership(shopID: Self.shop, userID: Self.user, role: .member)], at: context.civilTime)
        #expect(try await context.role(of: Self.user, in: Self.shop) == .member)
    }

    // MARK: - Writes

    /// A context whose shops and users are other reactors'.
    private static func spread() -> (context: TestContext, owner: TestContext, counter: TestContext) {
        let (context, owner, counter) = (TestContext(), TestContext(), TestContext())
        (context.shopOwner, context.userCounter) = (owner, counter)
        return (context, owner, counter)
    }

    @Test func `a write runs on the owner of its shop, and counts on the owner of its user`() async throws {
        let (context, owner, counter) = Self.spread()
        let isOwner = try await context.write(by: Self.user, in: Self.shop) { (reactor) async throws(APIError) in
            reactor === owner
        }
        #expect(isOwner)
        #expect([context, owner, counter].map(\.writeCount) == [0, 0, 1])
    }

    @Test func `a write that fails is returned on the owner of its user`() async {
        let (context, owner, counter) = Self.spread()
        await #expect(throws: APIError.self) {
            try await context.write(by: Self.user, in: Self.shop) { (_) async throws(APIError) in
                throw .messageNotFound
            }
        }
        #expect([context, owner, counter].map(\.returnedWriteCount) == [0, 0, 1])
    }

    @Test func `a user over its limit does not reach the owner of the shop`() async {
        let (context, owner, counter) = Self.spread()
        counter.exhausted = [.writes]
        let error = await #expect(throws: APIError.self) {
            try await context.write(by: Self.user, in: Self.shop) { (reactor) async throws(APIError) in
                reactor.countOrphanedImage()
            }
        }
        #expect(error?.code == "too_many_own_writes")
        #expect(owner.orphanCount == 0 && counter.returnedWriteCount == 0)
    }

    @Test func `the first change of a shop continues its clock from the store`() async throws {
        let context = TestContext()
        let latest = context.civilTime.advanced(byMicroseconds: 5_000_000)
        let message = Message(
            id: MessageID("m"), shopID: Self.shop, userID: Self.user, text: "x", createdAt: latest)
        try await context.memory.append(message)
        let change = try await context.beginChange(in: Self.shop)
        #expect(change.time == latest.successor)
        context.end(change, nil)
        #expect(context.published.isEmpty)
    }
}
