import Chat
import Primitives
import Testing

@testable import Storage

@Suite struct WriteQueueTests {
    /// Adds a message to `queue` under a continuation that is resumed at once, so that nothing waits for it.
    private func add(_ message: Message, to queue: inout WriteQueue) async -> Bool {
        var continuation: CheckedContinuation<Result<Message?, StorageError>, Never>?
        _ = await withCheckedContinuation { (made: CheckedContinuation<Result<Message?, StorageError>, Never>) in
            continuation = made
            made.resume(returning: .success(nil))
        }
        guard let continuation else { return false }
        return queue.append(WaitingWrite(write: .insert(message), continuation: continuation))
    }

    @Test func `batches keep the order and their bound`() async {
        var queue = WriteQueue()
        let count = Limits.batchMessageCountMax * 2 + 1
        for number in 0..<count { #expect(await add(.numbered(number), to: &queue)) }
        var sizes: [Int] = []
        var ids: [MessageID] = []
        while let batch = queue.popBatch() {
            sizes.append(batch.count)
            ids += batch.compactMap { if case .insert(let message) = $0.write { message.id } else { nil } }
        }
        #expect(sizes == [Limits.batchMessageCountMax, Limits.batchMessageCountMax, 1])
        #expect(ids == (0..<count).map { MessageID("m\($0)") })
        #expect(queue.isEmpty && queue.writeCount == 0 && queue.byteCount == 0)
    }

    @Test func `the number of messages is bounded`() async {
        var queue = WriteQueue()
        for number in 0..<Limits.waitingMessageCountMax { #expect(await add(.numbered(number), to: &queue)) }
        #expect(await add(.numbered(-1), to: &queue) == false)
        #expect(queue.popBatch()?.count == Limits.batchMessageCountMax)
        #expect(await add(.numbered(-1), to: &queue))
    }

    @Test func `the bytes of texts are bounded`() async {
        var queue = WriteQueue()
        let text = String(repeating: "x", count: Limits.textByteCountMax)
        for number in 0..<Limits.waitingByteCountMax / Limits.textByteCountMax {
            #expect(await add(.numbered(number, text: text), to: &queue))
        }
        #expect(await add(.numbered(-1, text: "x"), to: &queue) == false)
        #expect(await add(.numbered(-1, text: ""), to: &queue))
    }
}
