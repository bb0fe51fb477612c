import Primitives
import Testing

@testable import LoadGenerator

@Suite struct ReconnectQueueTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test func `a stream is due after its wait, and the earliest comes first`() {
        var queue = ReconnectQueue(perSecondMax: 1_000)
        queue.add(1, after: .milliseconds(300), at: start)
        queue.add(2, after: .milliseconds(100), at: start)
        queue.add(3, after: .milliseconds(900), at: start)
        #expect(queue.takeDue(at: start) == [])
        #expect(queue.takeDue(at: start + .milliseconds(99)) == [])
        #expect(queue.takeDue(at: start + .milliseconds(300)) == [2, 1])
        #expect(queue.count == 1)
        #expect(queue.takeDue(at: start + .milliseconds(900)) == [3])
        #expect(queue.count == 0)
    }

    @Test(arguments: [1.0, 7, 100, 1_000]) func `no second has more connects than the rate, after a pause either`(
        rate: Double
    ) {
        var queue = ReconnectQueue(perSecondMax: rate)
        var taken: [(at: Int, count: Int)] = []
        _ = queue.takeDue(at: start)
        for stream in 0..<UInt32(rate * 4) { queue.add(stream, after: .zero, at: start + .seconds(60)) }
        // Looked at every 20 ms, from a minute later on.
        for tick in 0..<400 where queue.count > 0 {
            taken.append((tick, queue.takeDue(at: start + .seconds(60) + .milliseconds(20 * tick)).count))
        }
        #expect(queue.count == 0, "4 s of connects are over after 8 s")
        for tick in 0..<350 {
            let count = taken.filter { (tick..<tick + 50).contains($0.at) }.reduce(0) { $0 + $1.count }
            #expect(Double(count) <= rate * 1.05 + 1)
        }
    }
}
