import Auth
import Primitives
import Testing

@testable import Sessions

/// Limits that change while streams are open and requests are in flight.
@Suite struct ChangedLimitsTests {
    private let alice = UserLimits.User(UserID("alice"))
    private let aliceID = UserID("alice")
    private let now = MonotonicInstant(nanoseconds: 7_000_000_000_000)

    private func settings(_ change: (inout UserLimitSettings) -> Void = { _ in }) -> UserLimitSettings {
        var settings = UserLimitSettings()
        change(&settings)
        return settings
    }

    private func streams(_ change: (inout StreamLimitSettings) -> Void) -> StreamLimitSettings {
        var settings = StreamLimitSettings()
        change(&settings)
        return settings
    }

    private static func slot(_ decision: UserLimits.SlotDecision) -> ReservedSlot? {
        switch decision {
        case .reserved(let slot), .replaced(_, by: let slot): slot
        case .refused: nil
        }
    }

    // MARK: - A user

    @Test func `a lower limit of streams refuses new ones until enough have ended`() throws {
        var limits = UserLimits(settings())
        let slots = (0..<3).compactMap { _ in Self.slot(limits.reserveSlot(for: aliceID, shopOwner: 0)) }
        limits.change(settings(), streams: streams { $0.streamCountMax = 2 })
        #expect(limits.streamCount(of: aliceID) == 3)
        for slot in slots.dropLast() {
            #expect(limits.reserveSlot(for: aliceID, shopOwner: 0) == .refused)
            limits.release(slot)
        }
        #expect(Self.slot(limits.reserveSlot(for: aliceID, shopOwner: 0)) != nil)
        #expect(limits.reserveSlot(for: aliceID, shopOwner: 0) == .refused)
        limits.change(settings(), streams: streams { $0.streamCountMax = 3 })
        #expect(Self.slot(limits.reserveSlot(for: aliceID, shopOwner: 0)) != nil)
    }

    @Test func `streams that were opened without an order are not replaced, and all slots are released`() throws {
        var limits = UserLimits(settings(), streams: streams { $0.streamCountMax = 1 })
        let old = try #require(Self.slot(limits.reserveSlot(for: aliceID, shopOwner: 0)))
        let replacing = streams {
            $0.streamCountMax = 1
            $0.replacesOldest = true
        }
        limits.change(settings(), streams: replacing)
        #expect(limits.reserveSlot(for: aliceID, shopOwner: 0) == .refused)
        limits.release(old)
        let first = try #require(Self.slot(limits.reserveSlot(for: aliceID, shopOwner: 0)))
        let second = try #require(Self.slot(limits.reserveSlot(for: aliceID, shopOwner: 0)))
        #expect(limits.isReplaced(first) && !limits.isReplaced(second))
        limits.change(settings(), streams: streams { $0.streamCountMax = 1 })
        #expect(limits.reserveSlot(for: aliceID, shopOwner: 0) == .refused)
        limits.release(first)
        limits.release(second)
        #expect(limits.streamingUserCount == 0 && limits.orderedUserCount == 0)
    }

    @Test func `what is in flight is counted across a change, with and without a limit`() throws {
        var limits = UserLimits(settings { $0.readCountMax = 1 })
        try limits.begin(.read, by: alice)
        #expect(throws: UserLimits.Refusal.reads) { try limits.begin(.read, by: alice) }
        limits.change(settings { $0.readCountMax = 0 }, streams: StreamLimitSettings())
        // From a shard that has not changed yet.
        try limits.begin(.read, by: alice)
        limits.change(settings { $0.readCountMax = 2 }, streams: StreamLimitSettings())
        #expect(throws: UserLimits.Refusal.reads) { try limits.begin(.read, by: alice) }
        for _ in 0..<2 { limits.end(.read, by: alice) }
        #expect(limits.activeUserCount == 0)
    }

    @Test func `a new rate of writes applies at once, and a longer burst is remembered as long`() throws {
        var limits = UserLimits(
            settings {
                $0.writesPerSecond = 1
                $0.writeCountBurst = 1
            })
        try limits.takeWrite(by: alice, at: now)
        #expect(throws: UserLimits.Refusal.self) { try limits.takeWrite(by: alice, at: now) }
        limits.change(
            settings {
                $0.writesPerSecond = 1
                $0.writeCountBurst = 100
            }, streams: StreamLimitSettings())
        for _ in 0..<99 { try limits.takeWrite(by: alice, at: now) }
        #expect(throws: UserLimits.Refusal.self) { try limits.takeWrite(by: alice, at: now) }
        limits.removeExpired(at: now + .seconds(50))
        for _ in 0..<50 { try limits.takeWrite(by: alice, at: now + .seconds(50)) }
        #expect(throws: UserLimits.Refusal.self) { try limits.takeWrite(by: alice, at: now + .seconds(50)) }
    }

    @Test func `with another limit of attempts, earlier ones no longer count`() {
        var limits = UserLimits(settings(), streams: streams { $0.attemptsPerMinuteMax = 1 })
        #expect(limits.attempt(by: alice, at: now) == .allowed)
        #expect(limits.attempt(by: alice, at: now) != .allowed)
        limits.change(
            settings { $0.readCountMax = 1 }, streams: streams { $0.attemptsPerMinuteMax = 1 })
        #expect(limits.attempt(by: alice, at: now) != .allowed, "the same limit counts on")
        limits.change(settings(), streams: streams { $0.attemptsPerMinuteMax = 2 })
        for _ in 0..<2 { #expect(limits.attempt(by: alice, at: now) == .allowed) }
        #expect(limits.attempt(by: alice, at: now) != .allowed)
        limits.change(settings(), streams: streams { $0.attemptsPerMinuteMax = 0 })
        #expect(!limits.areAttemptsLimited && limits.attempt(by: alice, at: now) == .allowed)
    }

    // MARK: - An address

    @Test func `connections of an address are counted across a change, with and without a limit`() {
        let address = PeerAddress(ipv4: 0x0a01_0203)
        var limits = AddressLimits(connectionCountMax: 1)
        var taken = (0..<2).map { _ in limits.reserveConnection(of: address) }
        limits.change(connectionCountMax: 0, userAttemptsPerMinuteMax: 0)
        #expect(!limits.areConnectionsLimited)
        // From a shard that has not changed yet.
        taken.append(limits.reserveConnection(of: address))
        limits.change(connectionCountMax: 2, userAttemptsPerMinuteMax: 0)
        taken.append(limits.reserveConnection(of: address))
        #expect(taken == [true, false, true, false])
        for _ in 0..<2 { limits.releaseConnection(of: address) }
        #expect(limits.connectedAddressCount == 0)
    }

    @Test func `attempts of an address follow the limit of a user`() {
        let address = PeerAddress(ipv4: 0x0a01_0203)
        var limits = AddressLimits(userAttemptsPerMinuteMax: 1)
        for _ in 0..<10 { _ = limits.attempt(of: address, at: now) }
        #expect(limits.attempt(of: address, at: now) != .allowed)
        limits.change(connectionCountMax: 0, userAttemptsPerMinuteMax: 2)
        for _ in 0..<20 { #expect(limits.attempt(of: address, at: now) == .allowed) }
        #expect(limits.attempt(of: address, at: now) != .allowed)
        limits.change(connectionCountMax: 0, userAttemptsPerMinuteMax: 0)
        #expect(!limits.areAttemptsLimited && limits.attempt(of: address, at: now) == .allowed)
    }
}
