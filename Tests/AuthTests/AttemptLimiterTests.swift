import Primitives
import Testing

@testable import Auth

@Suite struct AttemptLimiterTests {
    static func at(_ milliseconds: Int) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: (5_000_000 + UInt64(milliseconds)) * 1_000_000)
    }

    @Test func `ten at once pass and the eleventh waits for the first to leave the window`() {
        var limiter = AttemptLimiter<String>()
        for _ in 0..<10 { #expect(limiter.attempt("u", now: Self.at(0)) == .allowed) }
        #expect(limiter.attempt("u", now: Self.at(0)) == .refused(retryAfterSeconds: 60))
        #expect(limiter.attempt("other", now: Self.at(0)) == .allowed)
        #expect(limiter.attempt("u", now: Self.at(58_999)) == .refused(retryAfterSeconds: 2))
        #expect(limiter.attempt("u", now: Self.at(59_999)) == .refused(retryAfterSeconds: 1))
        for _ in 0..<10 { #expect(limiter.attempt("u", now: Self.at(60_000)) == .allowed) }
        #expect(limiter.attempt("u", now: Self.at(60_000)) == .refused(retryAfterSeconds: 60))
    }

    @Test func `the window slides`() {
        var limiter = AttemptLimiter<String>(attemptCountMax: 2)
        #expect(limiter.attempt("u", now: Self.at(0)) == .allowed)
        #expect(limiter.attempt("u", now: Self.at(30_000)) == .allowed)
        #expect(limiter.attempt("u", now: Self.at(59_000)) == .refused(retryAfterSeconds: 1))
        #expect(limiter.attempt("u", now: Self.at(60_000)) == .allowed)
        #expect(limiter.attempt("u", now: Self.at(61_000)) == .refused(retryAfterSeconds: 29))
        #expect(limiter.attempt("u", now: Self.at(90_000)) == .allowed)
    }

    @Test func `waiting as advised is enough, and refusals do not add up`() {
        var limiter = AttemptLimiter<String>(attemptCountMax: 1)
        #expect(limiter.attempt("u", now: Self.at(0)) == .allowed)
        for millisecond in stride(from: 100, to: 60_000, by: 100) {
            guard case .refused(let seconds) = limiter.attempt("u", now: Self.at(millisecond)) else {
                Issue.record("allowed at \(millisecond) ms")
                return
            }
            #expect(millisecond + seconds * 1000 >= 60_000 && millisecond + seconds * 1000 < 61_000)
        }
        #expect(limiter.attempt("u", now: Self.at(60_000)) == .allowed)
    }

    @Test func `keys are forgotten after their window`() {
        var limiter = AttemptLimiter<Int>()
        for key in 0..<100 { _ = limiter.attempt(key, now: Self.at(key)) }
        #expect(limiter.keyCount == 100)
        limiter.removeExpired(now: Self.at(60_049), countMax: 1000)
        #expect(limiter.keyCount == 50)
        limiter.removeExpired(now: Self.at(60_099), countMax: 10)
        #expect(limiter.keyCount == 40)
        for step in 0..<20 { _ = limiter.attempt(1000, now: Self.at(70_000 + step)) }
        #expect(limiter.keyCount == 1)
    }

    @Test func `a full limiter evicts the key that was idle longest`() {
        var limiter = AttemptLimiter<Int>(attemptCountMax: 2, keyCountMax: 3)
        for key in 0..<3 { #expect(limiter.attempt(key, now: Self.at(key)) == .allowed) }
        #expect(limiter.attempt(0, now: Self.at(3)) == .allowed)
        #expect(limiter.attempt(3, now: Self.at(4)) == .allowed)
        #expect(limiter.keyCount == 3 && limiter.evictionCount == 1)
        #expect(limiter.attempt(0, now: Self.at(5)) == .refused(retryAfterSeconds: 60))
        #expect(limiter.attempt(1, now: Self.at(6)) == .allowed)
        #expect(limiter.attempt(1, now: Self.at(7)) == .allowed)
        #expect(limiter.attempt(1, now: Self.at(8)) == .refused(retryAfterSeconds: 60))
    }

    @Test func `a time before the latest one counts as the latest`() {
        var limiter = AttemptLimiter<String>(attemptCountMax: 1)
        #expect(limiter.attempt("u", now: Self.at(1000)) == .allowed)
        #expect(limiter.attempt("u", now: Self.at(0)) == .refused(retryAfterSeconds: 60))
        #expect(limiter.attempt("u", now: Self.at(60_999)) == .refused(retryAfterSeconds: 1))
        #expect(limiter.attempt("u", now: Self.at(61_000)) == .allowed)
    }

    @Test func `attempts are limited over years`() {
        var limiter = AttemptLimiter<String>(attemptCountMax: 2)
        var milliseconds = 0
        for days in [1, 24, 25, 50, 400, 3000] {
            milliseconds += days * 86_400_000
            // Two attempts a minute apart but for a second, after a pause in which the key was forgotten or not.
            for offset in stride(from: -59_000, through: 0, by: 59_000) {
                #expect(limiter.attempt("u", now: Self.at(milliseconds + offset)) == .allowed)
            }
            #expect(limiter.attempt("u", now: Self.at(milliseconds + 500)) == .refused(retryAfterSeconds: 1))
        }
    }

    @Test func `the origin moves under keys that are in use`() {
        var limiter = AttemptLimiter<Int>(attemptCountMax: 2, window: .seconds(7 * 86_400))
        let day = 86_400_000
        var now = 0
        for step in 0..<200 {
            now += day / 2
            let decision = limiter.attempt(0, now: Self.at(now))
            // Two attempts in seven days, asked for twice a day: two pass, twelve are refused, and so on.
            #expect((decision == .allowed) == (step % 14 < 2), "step \(step): \(decision)")
        }
    }

    /// The same rule, written in the plain and slow way.
    private struct Model {
        let countMax: Int
        let windowMilliseconds: Int
        var log: [Int: [Int]] = [:]

        mutating func attempt(_ key: Int, now: Int) -> AttemptLimiter<Int>.Decision {
            let inWindow = log[key, default: []].filter { now - $0 < windowMilliseconds }
            if inWindow.count < countMax {
                log[key] = inWindow + [now]
                return .allowed
            }
            let wait = inWindow[0] + windowMilliseconds - now
            return .refused(retryAfterSeconds: max(1, (wait + 999) / 1000))
        }
    }

    @Test(arguments: [1, 2, 3, 10])
    func `any sequence of attempts is decided as by a log of attempts`(countMax: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var limiter = AttemptLimiter<Int>(attemptCountMax: countMax, window: .seconds(60))
        var model = Model(countMax: countMax, windowMilliseconds: 60_000)
        var now = 0
        for step in 0..<20_000 {
            now += Int.random(in: 0..<(Bool.random(using: &random) ? 10 : 20_000), using: &random)
            let key = Int.random(in: 0..<20, using: &random)
            let decision = limiter.attempt(key, now: Self.at(now))
            #expect(decision == model.attempt(key, now: now), "seed \(seed), step \(step)")
            if step.isMultiple(of: 7) { limiter.removeExpired(now: Self.at(now), countMax: 3) }
        }
    }
}
