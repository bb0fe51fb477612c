import Chat
import Primitives
import Storage

/// What a shard knows of memberships, and on the first shard how the node notices that they change.
///
/// Look-ups: members that were found recently are cached for seconds (`MembershipCache`). Changes: the first shard
/// reads the store's log of changed memberships once a second and after notifications, and notifies every shard. It
/// repeats each notification some rounds later, for the streams that were being admitted meanwhile. A value without
/// I/O; time is an argument.
struct MembershipWatch {
    /// The changes that the shard had been notified of when a look-up began.
    struct Version: Hashable { fileprivate let number: UInt64 }

    private var cache: MembershipCache
    /// Counts the notifications of changes.
    private var changeCount: UInt64 = 0
    /// The position up to which the log of changes was read; nil before the first read. Used on the first shard, like
    /// all that follows.
    private(set) var position: Int64?
    private var looks = MembershipLooks()
    /// The rounds of housekeeping so far.
    private(set) var round: UInt64 = 0
    /// The round in which each notification is repeated, and the order in which they were scheduled.
    private var recheckRounds: [MembershipScope: UInt64] = [:]
    private var recheckOrder: [MembershipScope] = []

    /// A watch that knows nothing.
    init(
        timeToLive: Duration = ServerLimits.membershipTimeToLive,
        countMax: Int = ServerLimits.cachedMembershipCountMax
    ) {
        cache = MembershipCache(timeToLive: timeToLive, countMax: countMax)
    }

    // MARK: - Look-ups

    /// A look-up in the store begins; its result is cached under this version.
    var version: Version { Version(number: changeCount) }

    /// The user's role in the shop, if it was looked up recently. O(1).
    mutating func role(of user: UserID, in shop: ShopID, at now: MonotonicInstant) -> ShopRole? {
        cache.role(of: user, in: shop, at: now)
    }

    /// Caches the result of a look-up that began at `version`, unless a notification came meanwhile. O(1).
    mutating func remember(
        _ role: ShopRole, of user: UserID, in shop: ShopID, lookedUpAt version: Version, at now: MonotonicInstant
    ) {
        guard version == self.version else { return }
        cache.remember(role, of: user, in: shop, at: now)
    }

    /// Memberships changed: drops those within the scope.
    mutating func changed(_ scope: MembershipScope) {
        changeCount += 1
        switch scope {
        case .user(let change): cache.forget(change)
        case .shop, .all: cache.forgetAll()
        }
    }

    // MARK: - The log of changes

    /// A notification says that memberships changed. Returns when to read the log; nil when a read is due already.
    mutating func hinted(at now: MonotonicInstant) -> MonotonicInstant? { looks.hinted(at: now) }

    /// The read after a notification begins.
    mutating func lookBegan() { looks.began() }

    /// That read ended. Returns when the next one is due; nil when none is.
    mutating func lookEnded(at now: MonotonicInstant) -> MonotonicInstant? { looks.ended(at: now) }

    /// The log was read from `position` on. Returns what to notify every shard of, each scope once. The first read only
    /// finds the position.
    mutating func changesRead(_ answer: MembershipChanges) -> [MembershipScope] {
        let isFirst = position == nil
        position = answer.position
        var scopes: [MembershipScope] = !isFirst && answer.isIncomplete ? [.all] : []
        var seen: Set<MembershipChange> = []
        for change in answer.changes where seen.insert(change).inserted { scopes.append(.user(change)) }
        for scope in scopes { recheck(scope) }
        return scopes
    }

    /// Schedules another notification, `ServerLimits.membershipRecheckRounds` rounds from now. O(1).
    mutating func recheck(_ scope: MembershipScope) {
        let due = round + ServerLimits.membershipRecheckRounds
        if recheckRounds.updateValue(due, forKey: scope) == nil { recheckOrder.append(scope) }
    }

    /// The scopes whose round has come, in the order in which they were scheduled. O(scheduled scopes).
    mutating func takeDueRechecks() -> [MembershipScope] {
        let due = recheckOrder.filter { recheckRounds[$0].map { $0 <= round } ?? false }
        guard !due.isEmpty else { return [] }
        for scope in due { recheckRounds[scope] = nil }
        recheckOrder.removeAll { recheckRounds[$0] == nil }
        return due
    }

    /// A round of housekeeping ended.
    mutating func roundEnded() { round += 1 }
}
