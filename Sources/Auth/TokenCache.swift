internal import Digests
import Primitives

/// Caches verified tokens by their tag, up to a limit, until they expire. Refusals are not cached: a client could fill
/// the cache with them.
///
/// Only the tag identifies a token (`SipHash`, with a key of the verifier's own): the tokens themselves are not
/// stored, so a memory dump contains none. An entry has 65 to 73 bytes, and the texts of its identity that have more than
/// 15 bytes.
///
/// Eviction is CLOCK (second chance) with a bounded search, so every operation is O(1). Allocates only to grow to the
/// limit.
public struct TokenCache {
    /// Counters since the start.
    public struct Statistics: Hashable, Sendable {
        /// Lookups that found their token.
        public var hitCount = 0
        /// Lookups that did not find their token.
        public var missCount = 0
        /// Tokens that were evicted while they were still valid.
        public var evictionCount = 0
    }

    /// The maximum number of entries that one eviction passes before it takes the one under the hand.
    private static let searchCountMax = 8

    private let countMax: Int
    private enum State: UInt8 {
        case vacant
        /// No lookup found the entry since the hand last passed.
        case unused
        case used
    }

    /// What a vacant entry has for an identity.
    private static let noIdentity = Identity(userID: UserID(""), name: nil, expiresAt: .earliest)

    // The entries, as one array for each thing that is looked at by itself.
    private var tags: [SipHash.Tag] = []
    private var identities: [Identity] = []
    private var states: [State] = []
    private var vacancies: [UInt32] = []
    /// A hash table with linear probing: indices of entries plus one; 0 where there is none. Its length is a power of
    /// two, and at least twice the number of entries.
    private var slots: [UInt32] = [0, 0]
    private var hand = 0
    private(set) var statistics = Statistics()

    var count: Int { identities.count - vacancies.count }

    /// Creates an empty cache of at most `countMax` tokens; 0 disables it.
    init(countMax: Int) {
        precondition(countMax >= 0 && countMax < Int(UInt32.max))
        self.countMax = countMax
    }

    /// The identity of a token that has not expired at `now`. Removes an expired token. O(1).
    mutating func identity(for tag: SipHash.Tag, now: Timestamp) -> Identity? {
        if let index = index(of: tag) {
            if now < identities[index].expiresAt {
                states[index] = .used
                statistics.hitCount += 1
                return identities[index]
            }
            vacate(index)
        }
        statistics.missCount += 1
        return nil
    }

    /// Inserts a token that is not in the cache, and evicts another one if necessary. O(1).
    mutating func insert(_ identity: Identity, for tag: SipHash.Tag, now: Timestamp) {
        if countMax == 0 { return }
        if vacancies.isEmpty && identities.count == countMax { makeRoom(now: now) }
        let index: Int
        if let vacancy = vacancies.popLast() {
            index = Int(vacancy)
            (tags[index], identities[index], states[index]) = (tag, identity, .unused)
        } else {
            index = identities.count
            growIfFull()
            tags.append(tag)
            identities.append(identity)
            states.append(.unused)
        }
        occupySlot(index)
    }

    /// Advances the hand over `countMax` entries and drops those that have expired. O(`countMax`).
    mutating func removeExpired(now: Timestamp, countMax: Int) {
        for _ in 0..<min(countMax, identities.count) {
            if states[hand] != .vacant && identities[hand].expiresAt <= now { vacate(hand) }
            advanceHand()
        }
    }

    // MARK: - Entries

    /// Vacates an entry of a full cache.
    private mutating func makeRoom(now: Timestamp) {
        for _ in 0..<Self.searchCountMax {
            if identities[hand].expiresAt <= now { return vacateUnderHand() }
            if states[hand] == .unused { break }
            states[hand] = .unused
            advanceHand()
        }
        statistics.evictionCount += 1
        vacateUnderHand()
    }

    private mutating func vacateUnderHand() {
        vacate(hand)
        advanceHand()
    }

    private mutating func vacate(_ index: Int) {
        leaveSlot(index)
        identities[index] = Self.noIdentity
        states[index] = .vacant
        vacancies.append(UInt32(index))
    }

    private mutating func advanceHand() {
        hand = hand + 1 < identities.count ? hand + 1 : 0
    }

    /// Makes room for one more entry. Grows by a quarter, not to the double: of the memory a fifth is unused at most.
    private mutating func growIfFull() {
        let count = identities.count
        if count == identities.capacity {
            let capacity = min(countMax, count + count / 4 + 16)
            tags.reserveCapacity(capacity)
            identities.reserveCapacity(capacity)
            states.reserveCapacity(capacity)
        }
        guard slots.count < 2 * (count + 1) else { return }
        slots = [UInt32](repeating: 0, count: 2 * slots.count)
        for index in states.indices where states[index] != .vacant { occupySlot(index) }
    }

    // MARK: - Slots

    private func home(of tag: SipHash.Tag) -> Int { Int(truncatingIfNeeded: tag.low) & (slots.count - 1) }

    private func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

    private func index(of tag: SipHash.Tag) -> Int? {
        var slot = home(of: tag)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if tags[index] == tag { return index }
            slot = next(slot)
        }
        return nil
    }

    private mutating func occupySlot(_ index: Int) {
        var slot = home(of: tags[index])
        while slots[slot] != 0 { slot = next(slot) }
        slots[slot] = UInt32(index + 1)
    }

    /// Empties the slot of an entry, and moves those after it that the gap would hide.
    private mutating func leaveSlot(_ index: Int) {
        var gap = home(of: tags[index])
        while slots[gap] != UInt32(index + 1) { gap = next(gap) }
        var slot = next(gap)
        while slots[slot] != 0 {
            // An entry may move to the gap when its home is not after the gap.
            let distance = (slot - home(of: tags[Int(slots[slot]) - 1])) & (slots.count - 1)
            if distance >= (slot - gap) & (slots.count - 1) {
                slots[gap] = slots[slot]
                gap = slot
            }
            slot = next(slot)
        }
        slots[gap] = 0
    }
}
