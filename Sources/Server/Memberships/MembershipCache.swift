import Chat
import Primitives
import Storage

/// The memberships that one reactor looked up recently. A value without a clock; belongs to its reactor.
///
/// Only members are cached, because a user who was refused may become a member at any moment. An entry is valid for
/// `timeToLive`, and is dropped when a notification says that it changed. Two generations bound the cache: when the
/// younger is full, it replaces the older. An entry of the older that is read moves to the younger. O(1) amortised.
struct MembershipCache {
    private struct Entry {
        let role: ShopRole
        let expiresAt: MonotonicInstant
    }

    private let timeToLive: Duration
    private let generationCountMax: Int
    private var younger: [MembershipChange: Entry] = [:]
    private var older: [MembershipChange: Entry] = [:]

    /// An empty cache of at most `countMax` memberships.
    init(timeToLive: Duration, countMax: Int) {
        precondition(countMax >= 2, "a generation holds one membership at least")
        self.timeToLive = timeToLive
        generationCountMax = countMax / 2
    }

    /// The number of cached memberships, expired ones included.
    var count: Int { younger.count + older.count }

    /// The user's role, if it is cached and has not expired.
    mutating func role(of userID: UserID, in shopID: ShopID, at now: MonotonicInstant) -> ShopRole? {
        let key = MembershipChange(shopID: shopID, userID: userID)
        if let entry = younger[key] { return now < entry.expiresAt ? entry.role : nil }
        guard let entry = older.removeValue(forKey: key), now < entry.expiresAt else { return nil }
        insert(entry, for: key)
        return entry.role
    }

    /// Caches the result of a look-up.
    mutating func remember(_ role: ShopRole, of userID: UserID, in shopID: ShopID, at now: MonotonicInstant) {
        let key = MembershipChange(shopID: shopID, userID: userID)
        older.removeValue(forKey: key)
        insert(Entry(role: role, expiresAt: now + timeToLive), for: key)
    }

    /// Drops a membership that changed.
    mutating func forget(_ change: MembershipChange) {
        younger.removeValue(forKey: change)
        older.removeValue(forKey: change)
    }

    /// Drops all.
    mutating func forgetAll() {
        younger = [:]
        older = [:]
    }

    private mutating func insert(_ entry: Entry, for key: MembershipChange) {
        if younger.count >= generationCountMax, younger[key] == nil {
            older = younger
            younger = [:]
        }
        younger[key] = entry
    }
}
