import Chat
import Primitives
import Storage
import Testing

@testable import Server

@Suite struct MembershipCacheTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func cache(countMax: Int = 8) -> MembershipCache {
        MembershipCache(timeToLive: .seconds(5), countMax: countMax)
    }

    @Test func `a membership holds for its time and no moment longer`() {
        var cache = cache()
        cache.remember(.admin, of: UserID("ada"), in: ShopID("s"), at: start)
        let last = start + .nanoseconds(4_999_999_999)
        #expect(cache.role(of: UserID("ada"), in: ShopID("s"), at: start) == .admin)
        #expect(cache.role(of: UserID("ada"), in: ShopID("s"), at: last) == .admin)
        #expect(cache.role(of: UserID("ada"), in: ShopID("s"), at: start + .seconds(5)) == nil)
    }

    @Test func `a read does not extend a membership, a new look-up does`() {
        var cache = cache()
        cache.remember(.member, of: UserID("ada"), in: ShopID("s"), at: start)
        cache.remember(.admin, of: UserID("ada"), in: ShopID("s"), at: start + .seconds(4))
        #expect(cache.role(of: UserID("ada"), in: ShopID("s"), at: start + .seconds(8)) == .admin)
        #expect(cache.role(of: UserID("ada"), in: ShopID("s"), at: start + .seconds(9)) == nil)
    }

    @Test func `users and shops are compared byte for byte`() {
        var cache = cache()
        cache.remember(.member, of: UserID("\u{e9}"), in: ShopID("s"), at: start)
        #expect(cache.role(of: UserID("e\u{301}"), in: ShopID("s"), at: start) == nil)
        #expect(cache.role(of: UserID("\u{e9}"), in: ShopID("t"), at: start) == nil)
    }

    @Test func `a changed membership is forgotten, whichever generation holds it`() {
        var cache = cache(countMax: 4)
        for name in ["a", "b", "c"] { cache.remember(.member, of: UserID(name), in: ShopID("s"), at: start) }
        for name in ["a", "c"] { cache.forget(MembershipChange(shopID: ShopID("s"), userID: UserID(name))) }
        #expect(cache.role(of: UserID("a"), in: ShopID("s"), at: start) == nil)
        #expect(cache.role(of: UserID("b"), in: ShopID("s"), at: start) == .member)
        #expect(cache.role(of: UserID("c"), in: ShopID("s"), at: start) == nil)
        cache.forgetAll()
        #expect(cache.count == 0)
        #expect(cache.role(of: UserID("b"), in: ShopID("s"), at: start) == nil)
    }

    @Test func `a user that is looked up again stays, however many others pass`() {
        var cache = cache(countMax: 8)
        cache.remember(.admin, of: UserID("ada"), in: ShopID("s"), at: start)
        for number in 0..<1_000 {
            cache.remember(.member, of: UserID("u\(number)"), in: ShopID("s"), at: start)
            #expect(cache.count <= 8)
            #expect(cache.role(of: UserID("ada"), in: ShopID("s"), at: start) == .admin, "after \(number)")
        }
        #expect(cache.role(of: UserID("u0"), in: ShopID("s"), at: start) == nil)
    }
}
