import Crypto
import Primitives

/// The SHA-256 of a token. Tokens themselves are not stored, so a memory dump contains none.
struct TokenDigest: Hashable {
    private let words: SIMD4<UInt64>

    init(_ digest: SHA256Digest) {
        var words = SIMD4<UInt64>()
        for (index, byte) in digest.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        self.words = words
    }
}

/// Caches verified tokens by their digest, up to a limit, until they expire. Refusals are not cached: a client could
/// fill the cache with them.
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

    private struct Entry {
        var digest: TokenDigest
        var identity: Identity
        /// Whether a lookup found it since the hand last passed.
        var wasFound: Bool
    }

    /// The maximum number of entries that one eviction passes before it takes the one under the hand.
    private static let searchCountMax = 8

    private let countMax: Int
    private var entries: [Entry?] = []
    private var vacancies: [Int] = []
    private var indices: [TokenDigest: Int] = [:]
    private var hand = 0
    private(set) var statistics = Statistics()

    var count: Int { indices.count }

    /// Creates an empty cache of at most `countMax` tokens; 0 disables it.
    init(countMax: Int) {
        precondition(countMax >= 0)
        self.countMax = countMax
    }

    /// The identity of a token that has not expired at `now`. Removes an expired token. O(1).
    mutating func identity(for digest: TokenDigest, now: Timestamp) -> Identity? {
        guard let index = indices[digest], let identity = entries[index]?.identity else {
            statistics.missCount += 1
            return nil
        }
        if identity.expiresAt <= now {
            vacate(index)
            statistics.missCount += 1
            return nil
        }
        entries[index]?.wasFound = true
        statistics.hitCount += 1
        return identity
    }

    /// Inserts a token that is not in the cache, and evicts another one if necessary. O(1).
    mutating func insert(_ identity: Identity, for digest: TokenDigest, now: Timestamp) {
        if countMax == 0 { return }
        let entry = Entry(digest: digest, identity: identity, wasFound: false)
        if vacancies.isEmpty && entries.count == countMax { makeRoom(now: now) }
        if let index = vacancies.popLast() {
            entries[index] = entry
            indices[digest] = index
        } else {
            indices[digest] = entries.count
            entries.append(entry)
        }
        assert(indices.count + vacancies.count == entries.count)
    }

    /// Advances the hand over `countMax` entries and drops those that have expired. O(`countMax`).
    mutating func removeExpired(now: Timestamp, countMax: Int) {
        for _ in 0..<min(countMax, entries.count) {
            if let entry = entries[hand], entry.identity.expiresAt <= now { vacate(hand) }
            advanceHand()
        }
    }

    private mutating func makeRoom(now: Timestamp) {
        for _ in 0..<Self.searchCountMax {
            guard let entry = entries[hand] else { break }
            if entry.identity.expiresAt <= now { return vacateUnderHand() }
            if !entry.wasFound { break }
            entries[hand]?.wasFound = false
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
        guard let entry = entries[index] else { return }
        indices[entry.digest] = nil
        entries[index] = nil
        vacancies.append(index)
    }

    private mutating func advanceHand() {
        hand = hand + 1 < entries.count ? hand + 1 : 0
    }
}
