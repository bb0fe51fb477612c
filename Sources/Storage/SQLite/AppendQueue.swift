import Primitives

/// A message that waits to be written, and the call that waits for it.
struct WaitingAppend {
    let message: Message
    let continuation: CheckedContinuation<Result<Void, StorageError>, Never>
}

/// The messages that wait to be written, already parted into the batches that share a transaction. A value; its owner
/// locks.
struct AppendQueue {
    private var batches: [[WaitingAppend]] = []
    private(set) var messageCount = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { batches.isEmpty }

    /// Adds to the last batch, or begins one. False, and nothing happens, when too much waits. O(1).
    mutating func append(_ waiting: WaitingAppend) -> Bool {
        let textByteCount = waiting.message.text.utf8.count
        guard messageCount < Limits.waitingMessageCountMax, byteCount + textByteCount <= Limits.waitingByteCountMax
        else { return false }
        if let last = batches.indices.last, batches[last].count < Limits.batchMessageCountMax {
            batches[last].append(waiting)
        } else {
            batches.append([waiting])
        }
        messageCount += 1
        byteCount += textByteCount
        return true
    }

    /// Takes the batch that has waited longest. O(batches), of which there are few.
    mutating func popBatch() -> [WaitingAppend]? {
        guard !batches.isEmpty else { return nil }
        let batch = batches.removeFirst()
        messageCount -= batch.count
        for waiting in batch { byteCount -= waiting.message.text.utf8.count }
        return batch
    }
}
