import Primitives
import Testing

@testable import Reactor

@Suite struct CompletionQueueTests {
    private func fill(_ queue: inout CompletionQueue, _ numbers: Range<Int>) {
        let room = unsafe queue.room()
        for (index, number) in numbers.enumerated() {
            unsafe room[index] = Completion(tag: CompletionTag(bits: UInt64(number)), result: Int32(number))
        }
        queue.append(count: numbers.count)
    }

    @Test func `an empty queue returns nothing`() {
        var queue = CompletionQueue()
        defer { queue.deallocate() }
        #expect(queue.isEmpty)
        #expect(queue.popFirst() == nil)
        fill(&queue, 0..<0)
        #expect(queue.isEmpty)
    }

    @Test(arguments: Seed.all)
    func `order holds through growth and compaction`(seed: Seed) {
        var random = SeededGenerator(seed: seed.value)
        var queue = CompletionQueue()
        defer { queue.deallocate() }
        var written = 0
        var read = 0
        var isInOrder = true
        for round in 0..<2_000 {
            let count = Int.random(in: 0...CompletionQueue.stepCount, using: &random)
            fill(&queue, written..<written + count)
            written += count
            // Grows for a while, then drains.
            let takeCountMax = round % 200 < 100 ? count : 3 * CompletionQueue.stepCount
            for _ in 0..<Int.random(in: 0...takeCountMax, using: &random) {
                guard let completion = queue.popFirst() else { break }
                isInOrder = isInOrder && completion.result == Int32(read)
                read += 1
            }
        }
        while let completion = queue.popFirst() {
            isInOrder = isInOrder && completion.result == Int32(read)
            read += 1
        }
        #expect(isInOrder)
        #expect(read == written)
        #expect(queue.isEmpty)
    }
}
