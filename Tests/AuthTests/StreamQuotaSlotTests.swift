import Primitives
import Testing

@testable import Auth

@Suite struct StreamQuotaSlotTests {
    @Test func `a reserved slot equals the slot made from its user`() throws {
        var quota = StreamQuota()
        let reserved = quota.reserve(UserID("ada"))
        let slot = try #require(reserved)
        #expect(slot == StreamQuota.Slot(of: UserID("ada")))
        #expect(slot.belongs(to: UserID("ada")))
        #expect(!slot.belongs(to: UserID("grace")))
    }

    @Test func `spellings of one character are two users' slots`() {
        #expect(!StreamQuota.Slot(of: UserID("\u{e9}")).belongs(to: UserID("e\u{301}")))
    }

    @Test func `a set of slots tells members from others`() {
        let members = Set((0..<1_000).map { StreamQuota.Slot(of: UserID("member-\($0)")) })
        #expect(members.count == 1_000)
        #expect((0..<1_000).allSatisfy { members.contains(StreamQuota.Slot(of: UserID("member-\($0)"))) })
        #expect(!(0..<1_000).contains { members.contains(StreamQuota.Slot(of: UserID("other-\($0)"))) })
    }
}
