import Crypto
import Primitives

/// The SHA-256 of a token. Tokens themselves are not kept: a dump of the memory holds none.
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

/// Verified tokens by their digest, bounded, until they expire. Refusals are not remembered: they would let a client
/// fill the cache with noise.
///
/// Eviction is CLOCK (second chance) with a bounded search, so that every operation is O(1); allocates only to grow
/// to the bound.
public struct TokenCache {
    /// Counts since the start.
    public struct Statistics: Hashable, Sendable {
        /// Lookups that found their token.
        public var hitCount = 0
        /// Lookups that did not.
        public var missCount = 0
        /// Tokens that were dropped for room while they were still valid.
        public var evictionCount = 0
    }

    private struct Entry {
        var digest: TokenDigest
        var identity: Identity
        /// Whether it was found since the hand last passed.
        var wasFound: Bool
    }

    /// The entries that one eviction passes over at most before it takes whichever is under the hand.
    private static let searchCountMax = 8

    private let countMax: Int
    private var entries: [Entry?] = []
    private var vacancies: [Int] = []
    private var indices: [TokenDigest: Int] = [:]
    private var hand = 0
    private(set) var statistics = Statistics()

    var count: Int { indices.count }

    /// An empty cache of at most `countMax` tokens, 0 for none.
    init(countMax: Int) {
        precondition(countMax >= 0)
        self.countMax = countMax
    }

    /// The identity of a token that has not expired at `now`; an expired one leaves. O(1).
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

    /// Remembers a token that is not in the cache, if need be in the place of another. O(1).
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
