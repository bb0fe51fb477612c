import Primitives
import Testing

@testable import Auth

@Suite struct ConnectionPlaceTests {
    @Test func `a place is its user's, the one that was reserved too`() throws {
        var limiter = ConnectionLimiter()
        let reserved = limiter.reserve(UserID("ada"))
        let place = try #require(reserved)
        #expect(place == ConnectionLimiter.Place(of: UserID("ada")))
        #expect(place.belongs(to: UserID("ada")))
        #expect(!place.belongs(to: UserID("grace")))
    }

    @Test func `spellings of one character are two users' places`() {
        #expect(!ConnectionLimiter.Place(of: UserID("\u{e9}")).belongs(to: UserID("e\u{301}")))
    }

    @Test func `a set of places tells members from others`() {
        let members = Set((0..<1_000).map { ConnectionLimiter.Place(of: UserID("member-\($0)")) })
        #expect(members.count == 1_000)
        #expect((0..<1_000).allSatisfy { members.contains(ConnectionLimiter.Place(of: UserID("member-\($0)"))) })
        #expect(!(0..<1_000).contains { members.contains(ConnectionLimiter.Place(of: UserID("other-\($0)"))) })
    }
}
