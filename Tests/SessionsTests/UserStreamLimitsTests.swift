import Auth
import Primitives
import Testing

@testable import Sessions

@Suite struct UserStreamLimitsTests {
    private let ada = UserID("ada")
    private let now = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func limits(streams count: Int = 2, replaces: Bool = false, attempts: Int = 10) -> UserLimits {
        var settings = StreamLimitSettings()
        settings.streamCountMax = count
        settings.replacesOldest = replaces
        settings.attemptsPerMinuteMax = attempts
        return UserLimits(streams: settings, shardIndex: 3)
    }

    /// The slot of a stream that was admitted, replacing another or not.
    private func slot(_ decision: UserLimits.SlotDecision) -> ReservedSlot? {
        switch decision {
        case .reserved(let slot), .replaced(oldest: _, let slot): slot
        case .refused: nil
        }
    }

    @Test func `a stream over the limit is refused until another ends`() throws {
        var limits = limits()
        let first = try #require(slot(limits.reserveSlot(for: ada, shopOwner: 1)))
        #expect(first.counter == 3 && first.ticket == nil)
        _ = limits.reserveSlot(for: ada, shopOwner: 0)
        #expect(limits.reserveSlot(for: ada, shopOwner: 0) == .refused)
        #expect(limits.streamCount(of: ada) == 2)
        limits.release(first)
        #expect(slot(limits.reserveSlot(for: ada, shopOwner: 0)) != nil)
    }

    @Test func `with replacement the newest stream takes the slot of the oldest one`() throws {
        var limits = limits(replaces: true)
        let slots = try (1...2).map { try #require(slot(limits.reserveSlot(for: ada, shopOwner: $0))) }
        #expect(slots.map(\.ticket?.shard) == [1, 2])
        let decision = limits.reserveSlot(for: ada, shopOwner: 0)
        guard case .replaced(let oldest, let newest) = decision else {
            Issue.record("not replaced: \(decision)")
            return
        }
        #expect(oldest == slots[0].ticket && newest.ticket?.counter == 3)
        #expect(limits.isReplaced(slots[0]) && !limits.isReplaced(slots[1]) && !limits.isReplaced(newest))
        #expect(limits.streamCount(of: ada) == 2)
    }

    @Test func `the end of a replaced stream releases nothing, as its slot is the newer stream's`() throws {
        var limits = limits(replaces: true)
        let slots = try (1...3).map { try #require(slot(limits.reserveSlot(for: ada, shopOwner: $0))) }
        limits.release(slots[0])
        #expect(limits.streamCount(of: ada) == 2)
        limits.release(slots[1])
        limits.release(slots[2])
        #expect(limits.streamingUserCount == 0 && limits.orderedUserCount == 0)
    }

    @Test func `without replacement no stream is replaced`() throws {
        var limits = limits()
        let reserved = try #require(slot(limits.reserveSlot(for: ada, shopOwner: 1)))
        #expect(!limits.isReplaced(reserved) && limits.orderedUserCount == 0)
    }

    @Test func `attempts are limited by the minute, and 0 is no limit`() {
        var limits = limits(attempts: 2)
        let user = UserLimits.User(ada)
        let decisions = (0..<3).map { _ in limits.attempt(by: user, at: now) }
        #expect(decisions == [.allowed, .allowed, .refused(retryAfterSeconds: 60)])
        #expect(limits.attempt(by: user, at: now + .seconds(60)) == .allowed)
        var unlimited = self.limits(attempts: 0)
        #expect(!unlimited.areAttemptsLimited)
        for _ in 0..<1_000 { #expect(unlimited.attempt(by: user, at: now) == .allowed) }
    }
}
