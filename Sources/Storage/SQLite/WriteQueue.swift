import Chat
import Primitives

/// A change of one message, or a probe.
enum MessageWrite: Sendable {
    case insert(Message)
    case edit(MessageID, text: String, time: Timestamp)
    case delete(MessageID)
    /// Changes nothing; shows whether the writer can commit.
    case probe

    /// The bytes of text that the change holds while it waits.
    var textByteCount: Int {
        switch self {
        case .insert(let message): message.text.utf8.count
        case .edit(_, let text, _): text.utf8.count
        case .delete, .probe: 0
        }
    }
}

/// A waiting change and the call that awaits it. The call receives the message after the change, or the deleted
/// message; nil when the message did not exist.
struct WaitingWrite {
    let write: MessageWrite
    let continuation: CheckedContinuation<Result<Message?, StorageError>, Never>
}

/// The waiting changes, already split into batches that each share a transaction. A value; its owner provides the lock.
struct WriteQueue {
    private var batches: [[WaitingWrite]] = []
    private(set) var writeCount = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { batches.isEmpty }

    /// Adds to the last batch, or begins a new one. Returns false, and adds nothing, when too much is waiting. O(1).
    mutating func append(_ waiting: WaitingWrite) -> Bool {
        let textByteCount = waiting.write.textByteCount
        guard writeCount < Limits.waitingMessageCountMax, byteCount + textByteCount <= Limits.waitingByteCountMax
        else { return false }
        if let last = batches.indices.last, batches[last].count < Limits.batchMessageCountMax {
            batches[last].append(waiting)
        } else {
            batches.append([waiting])
        }
        writeCount += 1
        byteCount += textByteCount
        return true
    }

    /// Takes the oldest batch. O(batches), of which there are few.
    mutating func popBatch() -> [WaitingWrite]? {
        guard !batches.isEmpty else { return nil }
        let batch = batches.removeFirst()
        writeCount -= batch.count
        for waiting in batch { byteCount -= waiting.write.textByteCount }
        return batch
    }
}
