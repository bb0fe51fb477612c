import Primitives
import Testing

@testable import Auth

@Suite struct StreamQuotaTests {
    @Test func `a user has five slots, and a released one can be reserved again`() throws {
        var quota = StreamQuota()
        let user = UserID("u")
        let slots = (0..<5).compactMap { _ in quota.reserve(user) }
        #expect(slots.count == 5)
        #expect(quota.reserve(user) == nil)
        #expect(quota.reserve(UserID("other")) != nil)
        quota.release(try #require(slots.first))
        #expect(quota.reserve(user) != nil)
        #expect(quota.reserve(user) == nil)
    }

    @Test func `users without streams use no memory`() {
        var quota = StreamQuota()
        let slots = (0..<1000).compactMap { quota.reserve(UserID("u\($0 % 300)")) }
        #expect(quota.userCount == 300)
        for slot in slots { quota.release(slot) }
        #expect(quota.userCount == 0)
    }

    @Test func `spellings of one character are two users`() {
        var quota = StreamQuota(streamsPerUserMax: 1)
        #expect(quota.reserve(UserID("\u{e9}")) != nil)
        #expect(quota.reserve(UserID("e\u{301}")) != nil)
        #expect(quota.reserve(UserID("\u{e9}")) == nil)
    }

    @Test func `releasing a slot that is not held stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var quota = StreamQuota()
            if let slot = quota.reserve(UserID("u")) {
                quota.release(slot)
                quota.release(slot)
            }
        }
    }

    @Test func `any sequence counts like a table of sets`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var quota = StreamQuota(streamsPerUserMax: 3)
        var model: [Int: [StreamQuota.Slot]] = [:]
        for step in 0..<20_000 {
            let user = Int.random(in: 0..<50, using: &random)
            let id = UserID("user-\(user)")
            if Bool.random(using: &random) {
                let slot = quota.reserve(id)
                #expect((slot != nil) == (model[user, default: []].count < 3), "seed \(seed), step \(step)")
                if let slot { model[user, default: []].append(slot) }
            } else if let slot = model[user]?.popLast() {
                quota.release(slot)
            }
            #expect(quota.streamCount(of: id) == model[user, default: []].count, "seed \(seed), step \(step)")
        }
        #expect(quota.userCount == model.values.count { !$0.isEmpty })
    }
}
