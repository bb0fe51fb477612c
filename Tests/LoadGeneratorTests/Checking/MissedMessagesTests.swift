import LoadGenerator
import Primitives
import Testing

/// What one stream missed. A class, so that expectations may change it.
private final class Missed {
    private var value: MissedMessages

    init(next: [UInt32]) { value = MissedMessages(next: next) }

    func ended(next: [UInt32]) { value.ended(next: next) }
    func opened(baselines: [UInt32]) { value.opened(baselines: baselines) }
    func listed(_ sequence: UInt32, writer: Int) -> Bool { value.listed(sequence, writer: writer) }
    func received(_ sequence: UInt32, writer: Int) -> MissedMessages.Arrival {
        value.received(sequence, writer: writer)
    }
    var isEmpty: Bool { value.isEmpty }
    var isOver: Bool { value.isOver }
    func missing(writer: Int = 0) -> [Range<UInt32>] { value.missing(ofWriter: writer).ranges }
}

@Suite struct MissedMessagesTests {
    @Test func `what was written between the end and the opening is missing until a list has it`() {
        let missed = Missed(next: [5])
        #expect(missed.isEmpty)
        missed.opened(baselines: [8])
        #expect(missed.missing() == [5..<8])
        #expect(missed.listed(6, writer: 0))
        #expect(!missed.listed(6, writer: 0))
        #expect(!missed.listed(4, writer: 0))
        #expect(!missed.listed(8, writer: 0))
        #expect(missed.missing() == [5..<6, 7..<8])
        #expect(missed.listed(5, writer: 0))
        #expect(missed.listed(7, writer: 0))
        #expect(missed.isEmpty && !missed.isOver, "a message that a list had may yet arrive")
        #expect(missed.received(8, writer: 0) == .expected)
        #expect(missed.isOver)
    }

    @Test func `a message that was published after the opening arrives on the stream`() {
        let missed = Missed(next: [5])
        missed.opened(baselines: [8])
        #expect(missed.listed(5, writer: 0))
        #expect(missed.listed(6, writer: 0))
        #expect(missed.received(6, writer: 0) == .listedBefore)
        #expect(missed.received(7, writer: 0) == .missed)
        #expect(missed.isOver)
        #expect(missed.received(3, writer: 0) == .expected)
    }

    @Test func `a stream that ends again before it caught up misses both parts`() {
        let missed = Missed(next: [5])
        missed.opened(baselines: [8])
        #expect(missed.received(8, writer: 0) == .expected)
        missed.ended(next: [9])
        missed.opened(baselines: [12])
        #expect(missed.missing() == [5..<8, 9..<12])
        // It ends once more, and nothing arrived.
        missed.ended(next: [12])
        missed.opened(baselines: [12])
        #expect(missed.missing() == [5..<8, 9..<12])
    }

    @Test func `a stream that begins below the baseline goes on from there`() {
        let missed = Missed(next: [5])
        missed.opened(baselines: [8])
        #expect(missed.received(6, writer: 0) == .missed)
        missed.ended(next: [7])
        missed.opened(baselines: [10])
        #expect(missed.missing() == [5..<6, 7..<10])
    }

    @Test func `nothing was written while the stream was away`() {
        let missed = Missed(next: [5])
        missed.opened(baselines: [5])
        #expect(missed.isEmpty && !missed.isOver)
        #expect(missed.received(5, writer: 0) == .expected)
        #expect(missed.isOver)
    }

    @Test func `each writer is counted for itself`() {
        let missed = Missed(next: [5, 1])
        missed.opened(baselines: [5, 3])
        #expect(missed.missing() == [] && missed.missing(writer: 1) == [1..<3])
        #expect(missed.listed(1, writer: 1))
        #expect(!missed.listed(1, writer: 0))
        #expect(missed.listed(2, writer: 1))
        #expect(missed.received(5, writer: 0) == .expected)
        #expect(!missed.isOver)
        #expect(missed.received(3, writer: 1) == .expected)
        #expect(missed.isOver)
    }

    /// Against a model that keeps a set: a stream ends and opens at random, lists have what was published.
    @Test(arguments: 0..<200)
    func `missing numbers agree with a model that keeps everything`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var issued: UInt32 = 1
        var order = StreamOrder(baseline: 1)
        let missed = Missed(next: [1])
        missed.opened(baselines: [1])
        var arrived: Set<UInt32> = []
        for _ in 0..<40 {
            // Away for some messages, of which the last may be published after the opening.
            missed.ended(next: [order.next])
            issued += UInt32(random.next() % 4)
            missed.opened(baselines: [issued])
            order = StreamOrder(baseline: issued)
            var next = issued - min(UInt32(random.next() % 2), issued - 1)
            if arrived.contains(next) { next = issued }
            // A list has a part of what was published before.
            for sequence in 1..<max(next, 1) where random.next() % 3 == 0 {
                #expect(missed.listed(sequence, writer: 0) == !arrived.contains(sequence), "seed \(seed)")
                arrived.insert(sequence)
            }
            let last = issued + UInt32(random.next() % 4)
            while next < last {
                _ = order.received(next)
                #expect(missed.received(next, writer: 0) == (next < issued ? .missed : .expected), "seed \(seed)")
                arrived.insert(next)
                next += 1
            }
            issued = max(issued, last)
        }
        missed.ended(next: [order.next])
        missed.opened(baselines: [issued])
        let expected = (1..<issued).filter { !arrived.contains($0) }
        #expect(missed.missing().flatMap { Array($0) } == expected, "seed \(seed)")
    }
}
