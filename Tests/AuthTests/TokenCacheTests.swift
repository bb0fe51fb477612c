import Digests
import Primitives
import Testing

@testable import Auth

@Suite struct TokenCacheTests {
    static func tag(_ number: Int) -> SipHash.Tag { hash.tag(of: "\(number)".utf8.span) }
    private static let hash = SipHash.random()

    static func identity(_ number: Int, expiresAt: Int64) -> Identity {
        Identity(
            userID: UserID("u\(number)"), name: nil,
            expiresAt: Timestamp(microsecondsSinceEpoch: expiresAt))
    }

    @Test func `a cache of capacity 0 remembers no token`() {
        var cache = TokenCache(countMax: 0)
        cache.insert(Self.identity(1, expiresAt: 10), for: Self.tag(1), now: .earliest)
        #expect(cache.identity(for: Self.tag(1), now: .earliest) == nil)
        cache.removeExpired(now: .latest, countMax: 10)
    }

    @Test func `used entries outlive unused ones`() {
        var cache = TokenCache(countMax: 4)
        for number in 0..<4 {
            cache.insert(Self.identity(number, expiresAt: 10), for: Self.tag(number), now: .earliest)
        }
        _ = cache.identity(for: Self.tag(0), now: .earliest)
        cache.insert(Self.identity(4, expiresAt: 10), for: Self.tag(4), now: .earliest)
        #expect(cache.identity(for: Self.tag(0), now: .earliest) != nil)
        #expect(cache.identity(for: Self.tag(1), now: .earliest) == nil)
        #expect(cache.count == 4)
    }

    @Test func `a cache finds all of thousands of tokens, and none that it dropped`() {
        var cache = TokenCache(countMax: 5_000)
        for number in 0..<5_000 {
            let expiresAt: Int64 = number.isMultiple(of: 3) ? 10 : 20
            cache.insert(Self.identity(number, expiresAt: expiresAt), for: Self.tag(number), now: .earliest)
        }
        cache.removeExpired(now: Timestamp(microsecondsSinceEpoch: 10), countMax: 5_000)
        for number in 0..<5_000 {
            let found = cache.identity(for: Self.tag(number), now: Timestamp(microsecondsSinceEpoch: 10))
            #expect(found == (number.isMultiple(of: 3) ? nil : Self.identity(number, expiresAt: 20)))
        }
        #expect(cache.count == 3_333 && cache.statistics.evictionCount == 0)
    }

    @Test func `any sequence of calls finds only correct, unexpired entries within the bound`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var cache = TokenCache(countMax: 16)
        var expiries: [Int: Int64] = [:]
        var now: Int64 = 0
        for step in 0..<20_000 {
            now += Int64.random(in: 0..<3, using: &random)
            let number = Int.random(in: 0..<40, using: &random)
            let time = Timestamp(microsecondsSinceEpoch: now)
            if let found = cache.identity(for: Self.tag(number), now: time) {
                #expect(found == Self.identity(number, expiresAt: expiries[number] ?? -1), "seed \(seed), step \(step)")
                #expect(found.expiresAt > time, "seed \(seed), step \(step)")
            } else {
                expiries[number] = now + Int64.random(in: 1..<60, using: &random)
                let identity = Self.identity(number, expiresAt: expiries[number] ?? 0)
                cache.insert(identity, for: Self.tag(number), now: time)
                #expect(cache.identity(for: Self.tag(number), now: time) == identity, "seed \(seed), step \(step)")
            }
            if step.isMultiple(of: 50) { cache.removeExpired(now: time, countMax: 5) }
            #expect(cache.count <= 16, "seed \(seed), step \(step)")
        }
        cache.removeExpired(now: .latest, countMax: 16)
        #expect(cache.count == 0)
    }
}
