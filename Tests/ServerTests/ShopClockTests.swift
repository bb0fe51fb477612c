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

    @Test func `a failed write holds nobody up`() {
        var clock = ShopClock(latest: .earliest)
        let first = clock.begin(at: .earliest).ticket
        let second = clock.begin(at: .earliest).ticket
        let change = Publication(event: .messageCreated, json: [2])
        #expect(clock.finish(first, nil).isEmpty)
        #expect(clock.finish(second, change) == [change])
        #expect(clock.isIdle)
    }

    @Test func `whatever the order of the ends, the changes keep the order of the times`() {
        // Strides that share no factor with 12 visit every ticket, in 48 orders.
        for stride in [1, 5, 7, 11] {
            for offset in 0..<12 {
                var clock = ShopClock(latest: .earliest)
                let tickets = (0..<12).map { _ in clock.begin(at: .earliest).ticket }
                var published: [UInt8] = []
                for step in 0..<12 {
                    let ticket = tickets[(step * stride + offset) % 12]
                    let change = Publication(event: .messageCreated, json: [UInt8(ticket)])
                    published += clock.finish(ticket, ticket % 3 == 0 ? nil : change).flatMap(\.json)
                }
                #expect(published == [1, 2, 4, 5, 7, 8, 10, 11])
                #expect(clock.isIdle)
            }
        }
    }

    @Test func `a change of another's is published behind our own that are under way`() {
        var clock = ShopClock(latest: .earliest)
        let now = Timestamp(microsecondsSinceEpoch: 100)
        let own = clock.begin(at: now).ticket
        clock.advance(past: now.successor, at: now)
        let foreign = clock.enter()
        let changes = (0..<2).map { Publication(event: .messageCreated, json: [$0]) }
        #expect(clock.finish(foreign, changes[1]).isEmpty)
        #expect(clock.begin(at: now).time == now.successor.successor)
        #expect(clock.finish(own, changes[0]) == changes)
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

    @Test func `a clock at the end of time stays there`() {
        var clock = ShopClock(latest: .latest)
        #expect(clock.begin(at: .latest).time == .latest)
        clock.advance(past: .latest, at: .latest)
        #expect(clock.begin(at: .earliest).time == .latest)
    }

    @Test func `a ticket that was not given out stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var clock = ShopClock(latest: .earliest)
            _ = clock.finish(0, nil)
        }
    }
}
