import LoadGenerator
import Primitives
import Testing

/// Feeds one stream of shop 3 in run 1.
private struct Feed {
    var checker = DeliveryChecker(run: 1)
    var order = StreamOrder(baseline: 1)

    mutating func receive(_ sequences: [UInt32], run: UInt32 = 1, shop: UInt32 = 3) {
        for sequence in sequences { _ = judge(Self.text(sequence, run: run, shop: shop)) }
    }

    mutating func judge(_ payload: [UInt8]) -> Marker? {
        guard let found = checker.identify(payload.span, shop: 3) else { return nil }
        return checker.accept(found, place: 9, order: &order) ? found.marker : nil
    }

    /// The counts at the end of a run in which `issued` messages were written.
    mutating func settled(issued: UInt32, unacknowledged: [UInt32] = []) -> DeliveryCounts {
        checker.settle(place: 9, order: order, end: issued + 1, unacknowledged: unacknowledged)
        checker.settleSuspended { _ in unacknowledged }
        return checker.counts
    }

    static func text(_ sequence: UInt32, run: UInt32 = 1, shop: UInt32 = 3) -> [UInt8] {
        var bytes: [UInt8] = []
        Marker(
            run: run, channel: shop, sequence: sequence, intended: .init(nanoseconds: 5), textByteCount: 100
        ).appendText(to: &bytes)
        return bytes
    }
}

@Suite struct DeliveryCheckerTests {
    private func counts(
        delivered: UInt64, lost: UInt64 = 0, duplicated: UInt64 = 0, outOfOrder: UInt64 = 0
    ) -> DeliveryCounts {
        var counts = DeliveryCounts()
        counts.delivered = delivered
        counts.lost = lost
        counts.duplicated = duplicated
        counts.outOfOrder = outOfOrder
        counts.expected = delivered + lost
        return counts
    }

    @Test(
        arguments: [
            ([1, 2, 3, 4], 4, 0, 0, 0), ([1, 2, 4], 3, 1, 0, 0), ([2, 3, 4], 3, 1, 0, 0), ([1, 2, 3], 3, 1, 0, 0),
            ([], 0, 4, 0, 0), ([1, 1, 2, 3, 4], 4, 0, 1, 0), ([1, 2, 3, 4, 1, 2], 4, 0, 2, 0),
            ([1, 3, 2, 4], 4, 0, 0, 1), ([4, 3, 2, 1], 4, 0, 0, 3), ([1, 3, 2, 2, 4], 4, 0, 1, 1),
            ([4, 2, 2], 2, 2, 1, 1), ([1, 4, 3], 3, 1, 0, 1),
        ] as [([UInt32], UInt64, UInt64, UInt64, UInt64)])
    func `each fault is counted once`(
        _ row: ([UInt32], UInt64, UInt64, UInt64, UInt64)
    ) {
        var feed = Feed()
        feed.receive(row.0)
        #expect(
            feed.settled(issued: 4) == counts(delivered: row.1, lost: row.2, duplicated: row.3, outOfOrder: row.4))
    }

    @Test func `messages of another shop or another run are foreign and not delivered`() {
        var feed = Feed()
        feed.receive([1], shop: 4)
        feed.receive([1], run: 2)
        feed.receive([1])
        var expected = counts(delivered: 1)
        expected.foreign = 2
        #expect(feed.settled(issued: 1) == expected)
    }

    @Test func `a damaged message whose marker is readable is not lost as well`() {
        var feed = Feed()
        feed.receive([1])
        #expect(feed.judge(Array(Feed.text(2)[..<90])) == nil)
        var corrupt = Feed.text(3)
        corrupt[99] ^= 1
        #expect(feed.judge(corrupt) == nil)
        feed.receive([4])
        var expected = counts(delivered: 2)
        expected.corrupt = 2
        #expect(feed.settled(issued: 4) == expected)
    }

    @Test func `a message whose marker is damaged is corrupt and lost`() {
        var feed = Feed()
        var corrupt = Feed.text(1)
        corrupt[10] ^= 1
        #expect(feed.judge(corrupt) == nil)
        feed.receive([2])
        var expected = counts(delivered: 1, lost: 1)
        expected.corrupt = 1
        #expect(feed.settled(issued: 2) == expected)
    }

    @Test func `an unacknowledged message is not lost`() {
        var feed = Feed()
        feed.receive([1, 4, 6])
        #expect(feed.settled(issued: 8, unacknowledged: [2, 4, 8]) == counts(delivered: 3, lost: 3))
    }

    @Test func `a stream that opened late may begin below its baseline but not above`() {
        var early = Feed(order: StreamOrder(baseline: 10))
        early.receive([8, 9, 10, 11])
        #expect(early.settled(issued: 11) == counts(delivered: 4))
        var late = Feed(order: StreamOrder(baseline: 10))
        late.receive([11])
        #expect(late.settled(issued: 11) == counts(delivered: 1, lost: 1))
    }

    @Test func `a message that a stream skipped before its end is lost, a later one is not expected`() {
        var feed = Feed()
        feed.receive([1, 3])
        feed.checker.suspend(place: 9, channel: 3)
        feed.order = StreamOrder(baseline: 6)
        feed.receive([6])
        #expect(feed.settled(issued: 6) == counts(delivered: 3, lost: 1))
    }

    @Test func `a message that was caught up with is expected and not lost, and counts once when it also arrives`() {
        var feed = Feed()
        feed.receive([1])
        feed.checker.suspend(place: 9, channel: 3)
        // 2 and 3 were missed. A list has both; 3 then arrives on the new connection too.
        feed.order = StreamOrder(baseline: 4)
        feed.checker.deliveryListed()
        feed.checker.deliveryListed()
        feed.receive([3])
        feed.checker.listedDeliveryArrived()
        feed.receive([4])
        var expected = counts(delivered: 3)
        expected.caughtUp = 1
        expected.expected = 4
        #expect(feed.settled(issued: 4) == expected)
    }

    @Test func `each writer of a shop has an order of its own`() throws {
        var checker = DeliveryChecker(run: 1, writerCount: 2)
        var orders = [StreamOrder(baseline: 1), StreamOrder(baseline: 1)]
        // Channels 6 and 7 are those of shop 3. The second writer's first message comes late, the others in order.
        for (channel, sequence) in [(6, 1), (7, 2), (6, 2), (7, 1), (6, 3)] as [(UInt32, UInt32)] {
            let text = Feed.text(sequence, shop: channel)
            let identified = checker.identify(text.span, shop: 3)
            let found = try #require(identified)
            let writer = Int(channel - 6)
            let isDelivery = checker.accept(found, place: UInt32(writer), order: &orders[writer])
            #expect(isDelivery)
        }
        let foreign = checker.identify(Feed.text(1, shop: 8).span, shop: 3)
        #expect(foreign == nil)
        var expected = counts(delivered: 5, outOfOrder: 1)
        expected.foreign = 1
        checker.settleSuspended { _ in [] }
        #expect(checker.counts == expected)
    }

    /// Against a model that keeps everything: random swaps, drops and repeats of a run of numbers.
    @Test(arguments: 0..<200)
    func `counts agree with a model that keeps everything`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let issued = UInt32(1 + random.next() % 60)
        var sequences = Array(1...issued)
        for _ in 0..<Int(random.next() % 8) {
            let index = Int(random.next() % UInt64(max(sequences.count, 1)))
            guard index < sequences.count else { continue }
            switch random.next() % 3 {
            case 0: sequences.remove(at: index)
            case 1: sequences.insert(sequences[index], at: Int(random.next() % UInt64(sequences.count)))
            default: sequences.swapAt(index, Int(random.next() % UInt64(sequences.count)))
            }
        }
        // A stream's first message says where it begins, unless it is below the baseline of 1, which none is.
        var seen: Set<UInt32> = []
        var highest: UInt32 = 0
        var expected = DeliveryCounts()
        for sequence in sequences {
            if !seen.insert(sequence).inserted {
                expected.duplicated += 1
            } else {
                expected.delivered += 1
                if sequence < highest { expected.outOfOrder += 1 }
                highest = max(highest, sequence)
            }
        }
        expected.lost = UInt64(issued) - UInt64(seen.count)
        expected.expected = UInt64(issued)
        var feed = Feed()
        feed.receive(sequences)
        #expect(feed.settled(issued: issued) == expected, "seed \(seed): \(sequences)")
    }
}
