import Primitives
import Testing

@testable import Server

@Suite struct ShopClockTests {
    @Test func `times strictly increase even when the wall clock stands still or goes back`() {
        var clock = ShopClock(latest: Timestamp(microsecondsSinceEpoch: 100))
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 50)).time.microsecondsSinceEpoch == 101)
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 50)).time.microsecondsSinceEpoch == 102)
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 500)).time.microsecondsSinceEpoch == 500)
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 500)).time.microsecondsSinceEpoch == 501)
    }

    @Test func `changes are published in the order of their times whatever order the writes end in`() {
        var clock = ShopClock(latest: .earliest)
        let tickets = (0..<4).map { _ in clock.begin(at: .earliest).ticket }
        let changes = (0..<4).map { Publication(event: $0 == 2 ? .messageEdited : .messageCreated, json: [$0]) }
        #expect(clock.finish(tickets[2], changes[2]).isEmpty)
        #expect(clock.finish(tickets[0], changes[0]) == [changes[0]])
        #expect(clock.finish(tickets[1], nil) == [changes[2]])
        #expect(!clock.isIdle)
        #expect(clock.finish(tickets[3], changes[3]) == [changes[3]])
        #expect(clock.isIdle)
    }
}
