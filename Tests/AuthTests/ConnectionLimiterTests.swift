import Primitives
import Testing

@testable import Auth

@Suite struct ConnectionLimiterTests {
    @Test func `five places, and one that is given back is there again`() throws {
        var limiter = ConnectionLimiter()
        let user = UserID("u")
        let places = (0..<5).compactMap { _ in limiter.reserve(user) }
        #expect(places.count == 5)
        #expect(limiter.reserve(user) == nil)
        #expect(limiter.reserve(UserID("other")) != nil)
        limiter.release(try #require(places.first))
        #expect(limiter.reserve(user) != nil)
        #expect(limiter.reserve(user) == nil)
    }

    @Test func `users without connections leave nothing behind`() {
        var limiter = ConnectionLimiter()
        let places = (0..<1000).compactMap { limiter.reserve(UserID("u\($0 % 300)")) }
        #expect(limiter.userCount == 300)
        for place in places { limiter.release(place) }
        #expect(limiter.userCount == 0)
    }

    @Test func `spellings of one character are two users`() {
        var limiter = ConnectionLimiter(connectionsPerUserMax: 1)
        #expect(limiter.reserve(UserID("\u{e9}")) != nil)
        #expect(limiter.reserve(UserID("e\u{301}")) != nil)
        #expect(limiter.reserve(UserID("\u{e9}")) == nil)
    }

    @Test func `giving back what nobody holds stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var limiter = ConnectionLimiter()
            if let place = limiter.reserve(UserID("u")) {
                limiter.release(place)
                limiter.release(place)
            }
        }
    }

    @Test func `any sequence counts like a table of sets`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var limiter = ConnectionLimiter(connectionsPerUserMax: 3)
        var model: [Int: [ConnectionLimiter.Place]] = [:]
        for step in 0..<20_000 {
            let user = Int.random(in: 0..<50, using: &random)
            let id = UserID("user-\(user)")
            if Bool.random(using: &random) {
                let place = limiter.reserve(id)
                #expect((place != nil) == (model[user, default: []].count < 3), "seed \(seed), step \(step)")
                if let place { model[user, default: []].append(place) }
            } else if let place = model[user]?.popLast() {
                limiter.release(place)
            }
            #expect(limiter.connectionCount(of: id) == model[user, default: []].count, "seed \(seed), step \(step)")
        }
        #expect(limiter.userCount == model.values.count { !$0.isEmpty })
    }
}
