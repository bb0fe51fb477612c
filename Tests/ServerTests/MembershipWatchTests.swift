import Chat
import Primitives
import Storage
import Testing

@testable import Server

@Suite struct MembershipWatchTests {
    private let ada = MembershipChange(shopID: ShopID("bakery"), userID: UserID("ada"))
    private let bob = MembershipChange(shopID: ShopID("bakery"), userID: UserID("bob"))
    private let now = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func answer(_ position: Int64, _ changes: [MembershipChange], isIncomplete: Bool = false)
        -> MembershipChanges
    {
        MembershipChanges(position: position, changes: changes, isIncomplete: isIncomplete)
    }

    private func role(_ watch: inout MembershipWatch, _ change: MembershipChange) -> ShopRole? {
        watch.role(of: change.userID, in: change.shopID, at: now)
    }

    private func remember(
        _ watch: inout MembershipWatch, _ change: MembershipChange, at version: MembershipWatch.Version
    ) {
        watch.remember(.member, of: change.userID, in: change.shopID, lookedUpAt: version, at: now)
    }

    // MARK: - Look-ups

    @Test func `a look-up is remembered for its time, and not when a change came between`() {
        var watch = MembershipWatch(timeToLive: .seconds(5), countMax: 10)
        remember(&watch, ada, at: watch.version)
        #expect(role(&watch, ada) == .member)
        #expect(watch.role(of: ada.userID, in: ada.shopID, at: now + .seconds(5)) == nil)
        let version = watch.version
        watch.changed(.user(ada))
        remember(&watch, bob, at: version)
        #expect(role(&watch, bob) == nil, "the answer may be older than the change")
    }

    @Test func `a change evicts the memberships in its scope`() {
        var watch = MembershipWatch(timeToLive: .seconds(5), countMax: 10)
        func both() {
            remember(&watch, ada, at: watch.version)
            remember(&watch, bob, at: watch.version)
        }
        both()
        watch.changed(.user(ada))
        #expect(role(&watch, ada) == nil && role(&watch, bob) == .member)
        for scope in [MembershipScope.shop(ShopID("bakery")), .all] {
            both()
            watch.changed(scope)
            #expect(role(&watch, ada) == nil && role(&watch, bob) == nil)
        }
    }

    // MARK: - The log of changes

    @Test func `the first reading returns a position, and later ones each change once`() {
        var watch = MembershipWatch()
        #expect(watch.position == nil)
        let first = watch.changesRead(answer(7, [], isIncomplete: true))
        #expect(first.isEmpty && watch.position == 7)
        let second = watch.changesRead(answer(9, [bob, ada, bob]))
        #expect(second == [.user(bob), .user(ada)] && watch.position == 9)
        let third = watch.changesRead(answer(12, [ada], isIncomplete: true))
        #expect(third == [.all, .user(ada)])
    }

    @Test func `each change is reported once more, some rounds later`() {
        var watch = MembershipWatch()
        _ = watch.changesRead(answer(1, []))
        _ = watch.changesRead(answer(2, [ada]))
        var told: [[MembershipScope]] = []
        for _ in 0...ServerLimits.membershipRecheckRounds {
            told.append(watch.takeDueRechecks())
            watch.roundEnded()
        }
        #expect(told.dropLast().allSatisfy(\.isEmpty) && told.last == [.user(ada)])
        #expect(watch.takeDueRechecks().isEmpty)
    }

    @Test func `a scope that is deferred again is reported once, at the later time`() {
        var watch = MembershipWatch()
        watch.recheck(.all)
        watch.roundEnded()
        watch.recheck(.user(ada))
        watch.recheck(.all)
        var told: [[MembershipScope]] = []
        for _ in 0...ServerLimits.membershipRecheckRounds {
            told.append(watch.takeDueRechecks())
            watch.roundEnded()
        }
        #expect(told.dropLast().allSatisfy(\.isEmpty) && told.last == [.all, .user(ada)])
    }
}
