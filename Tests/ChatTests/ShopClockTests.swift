import Primitives
import Testing

@testable import Chat

@Suite struct ShopClockTests {
    @Test func `times strictly increase even when the wall clock stops or goes back`() {
        var clock = ShopClock(latest: Timestamp(microsecondsSinceEpoch: 100))
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 50)).time.microsecondsSinceEpoch == 101)
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 50)).time.microsecondsSinceEpoch == 102)
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 500)).time.microsecondsSinceEpoch == 500)
        #expect(clock.begin(at: Timestamp(microsecondsSinceEpoch: 500)).time.microsecondsSinceEpoch == 501)
    }

    @Test func `changes are published in the order of their times whatever order the writes end in`() {
        var clock = ShopClock(latest: .earliest)
        let tickets = (0..<4).map { _ in clock.begin(at: .earliest).ticket }
        let changes = (0..<4).map { event($0) }
        #expect(clock.finish(tickets[2], changes[2]).isEmpty)
        #expect(Array(clock.finish(tickets[0], changes[0])) == [changes[0]])
        #expect(Array(clock.finish(tickets[1], nil)) == [changes[2]])
        #expect(!clock.isIdle)
        #expect(Array(clock.finish(tickets[3], changes[3])) == [changes[3]])
        #expect(clock.isIdle)
    }

    @Test func `a failed write delays no other`() {
        var clock = ShopClock(latest: .earliest)
        let first = clock.begin(at: .earliest).ticket
        let second = clock.begin(at: .earliest).ticket
        let change = event(2)
        #expect(clock.finish(first, nil).isEmpty)
        #expect(Array(clock.finish(second, change)) == [change])
        #expect(clock.isIdle)
    }

    @Test func `whatever the order of the ends, the changes keep the order of the times`() {
        // Strides that share no factor with 12 visit every ticket, in 48 orders.
        for stride in [1, 5, 7, 11] {
            for offset in 0..<12 {
                var clock = ShopClock(latest: .earliest)
                let tickets = (0..<12).map { _ in clock.begin(at: .earliest).ticket }
                var published: [EncodedEvent] = []
                for step in 0..<12 {
                    let ticket = tickets[(step * stride + offset) % 12]
                    let change = event(UInt8(ticket))
                    published += clock.finish(ticket, ticket % 3 == 0 ? nil : change)
                }
                #expect(published == [1, 2, 4, 5, 7, 8, 10, 11].map(event))
                #expect(clock.isIdle)
            }
        }
    }

    @Test func `another writer's change is published after our own in flight`() {
        var clock = ShopClock(latest: .earliest)
        let now = Timestamp(microsecondsSinceEpoch: 100)
        let own = clock.begin(at: now).ticket
        clock.advance(past: now.successor, at: now)
        let foreign = clock.enter()
        let changes = (0..<2).map { event($0) }
        #expect(clock.finish(foreign, changes[1]).isEmpty)
        #expect(clock.begin(at: now).time == now.successor.successor)
        #expect(Array(clock.finish(own, changes[0])) == changes)
    }

    @Test func `a time more than a minute ahead leaves the clock alone`() {
        var clock = ShopClock(latest: .earliest)
        let now = Timestamp(microsecondsSinceEpoch: 1_800_000_000_000_000)
        clock.advance(past: .latest, at: now)
        #expect(clock.begin(at: now).time == now)
        clock.advance(past: now.advanced(byMicroseconds: 60_000_001), at: now)
        #expect(clock.begin(at: now).time == now.successor)
        let minuteAhead = now.advanced(byMicroseconds: 60_000_000)
        clock.advance(past: minuteAhead, at: now)
        #expect(clock.begin(at: now).time == minuteAhead.successor)
    }

    @Test func `a clock at the latest time stays at it`() {
        var clock = ShopClock(latest: .latest)
        #expect(clock.begin(at: .latest).time == .latest)
        clock.advance(past: .latest, at: .latest)
        #expect(clock.begin(at: .earliest).time == .latest)
    }

    @Test func `a ticket that was not issued stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var clock = ShopClock(latest: .earliest)
            _ = clock.finish(0, nil)
        }
    }
}
