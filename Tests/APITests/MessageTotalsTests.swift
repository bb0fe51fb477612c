import Primitives
import Testing

@testable import API

@Suite struct MessageTotalsTests {
    /// Totals, and how often the store was asked.
    private struct Bench {
        var totals: MessageTotals
        var countings = 0

        init(shopCountMax: Int = 8) { totals = MessageTotals(shopCountMax: shopCountMax) }

        /// The total of a shop; a counting that begins now finds as many messages as there were countings.
        mutating func total(of shop: String, at seconds: Double) async throws -> Int {
            let now = MonotonicInstant(nanoseconds: 1_000_000_000 + UInt64(seconds * 1e9))
            var isBegun = false
            let result = countings + 1
            let task = totals.count(of: ShopID(shop), at: now) {
                isBegun = true
                return Task { .success(result) }
            }
            if isBegun { countings += 1 }
            return try await task.value.get()
        }
    }

    @Test func `a shop is counted once for all requests within five seconds`() async throws {
        var bench = Bench()
        for seconds in [0, 0.1, 4.999] { #expect(try await bench.total(of: "a", at: seconds) == 1) }
        #expect(try await bench.total(of: "b", at: 4.999) == 2, "another shop has its own")
        #expect(try await bench.total(of: "a", at: 5) == 3)
        #expect(try await bench.total(of: "a", at: 9) == 3)
    }

    @Test func `requests share a counting that is in flight`() async throws {
        var totals = MessageTotals(shopCountMax: 8)
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let now = MonotonicInstant(nanoseconds: 1)
        let first = totals.count(of: ShopID("a"), at: now) {
            Task {
                for await _ in gate { break }
                return .success(7)
            }
        }
        let second = totals.count(of: ShopID("a"), at: now) {
            Issue.record("a second counting began")
            return first
        }
        opener.yield()
        #expect(try await first.value.get() == 7)
        #expect(try await second.value.get() == 7)
    }

    @Test func `the next request repeats a counting that failed`() async throws {
        var bench = Bench()
        #expect(try await bench.total(of: "a", at: 0) == 1)
        bench.totals.forget(ShopID("a"))
        #expect(try await bench.total(of: "a", at: 0) == 2)
    }

    @Test func `the number of remembered totals is bounded, and expired ones are evicted first`() async throws {
        var bench = Bench(shopCountMax: 2)
        _ = try await bench.total(of: "a", at: 0)
        _ = try await bench.total(of: "b", at: 4)
        _ = try await bench.total(of: "c", at: 5)
        #expect(try await bench.total(of: "b", at: 5) == 2)
        // When none has expired, all are evicted: an attacker causes no more than a counting.
        _ = try await bench.total(of: "d", at: 5)
        #expect(try await bench.total(of: "b", at: 5) == 5)
    }
}
