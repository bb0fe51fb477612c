import Chat
import Primitives

/// A change of one message, or none.
enum MessageWrite: Sendable {
    case insert(Message)
    case edit(MessageID, text: String, time: Timestamp)
    case delete(MessageID)
    /// Nothing: it tells whether the writer can commit.
    case probe

    /// The bytes of text that it holds while it waits.
    var textByteCount: Int {
        switch self {
        case .insert(let message): message.text.utf8.count
        case .edit(_, let text, _): text.utf8.count
        case .delete, .probe: 0
        }
    }
}

/// A change that waits to be made, and the call that waits for it: for the message as the change left it, or as it was
/// when it was deleted; nil when there is none to change.
struct WaitingWrite {
    let write: MessageWrite
    let continuation: CheckedContinuation<Result<Message?, StorageError>, Never>
}

/// The changes that wait to be made, already parted into the batches that share a transaction. A value; its owner
/// locks.
struct WriteQueue {
    private var batches: [[WaitingWrite]] = []
    private(set) var writeCount = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { batches.isEmpty }

    /// Adds to the last batch, or begins one. False, and nothing happens, when too much waits. O(1).
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

    /// Takes the batch that has waited longest. O(batches), of which there are few.
    mutating func popBatch() -> [WaitingWrite]? {
        guard !batches.isEmpty else { return nil }
        let batch = batches.removeFirst()
        writeCount -= batch.count
        for waiting in batch { byteCount -= waiting.write.textByteCount }
        return batch
    }
}
