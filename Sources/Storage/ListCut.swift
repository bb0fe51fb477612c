import Chat
import Primitives

/// Decides where a list of messages ends, while it is read.
///
/// A list is full by number of messages or by bytes of text. The client continues after the time of the last message,
/// so a list never ends between messages of the same time. It leaves all of them to the next list. Messages of one time
/// are therefore held back until the next time is seen. Only other writers give messages equal times. When there are
/// more of them than may be held back, the list ends before them. The list that begins with them returns all of them,
/// up to `Limits.momentMessageCountMax` and `Limits.momentByteCountMax`.
struct ListCut {
    /// The time by which the list is ordered.
    enum Order: Sendable {
        case creation, change

        func time(of message: Message) -> Timestamp {
            switch self {
            case .creation: message.createdAt
            case .change: message.changedAt
            }
        }
    }

    private let order: Order
    private let messageCountMax: Int
    private var messageCount = 0
    private var byteCount = 0
    /// The time of the last message.
    private var time: Timestamp?
    /// Whether all messages so far have that time.
    private var isFirstTime = true
    /// The messages of that time that are held back; empty when it is the list's first time.
    private var held: [Message] = []
    private var heldByteCount = 0
    /// Messages that are certain to be in the list.
    private var released: [Message] = []
    /// Whether messages were left to the next list.
    private(set) var isCut = false

    init(_ order: Order, limit: Int) {
        self.order = order
        messageCountMax = limit
    }

    /// Takes the next message; returns false when the list ends before it. O(1) amortised.
    mutating func add(_ message: Message) -> Bool {
        guard !isCut else { return false }
        let added = message.text.utf8.count
        let messageTime = order.time(of: message)
        if let time, time != messageTime {
            release()
            isFirstTime = false
        }
        guard hasRoom(added) else {
            isCut = true
            held = []
            return false
        }
        time = messageTime
        messageCount += 1
        byteCount += added
        if isFirstTime {
            released.append(message)
        } else {
            held.append(message)
            heldByteCount += added
        }
        return true
    }

    private func hasRoom(_ added: Int) -> Bool {
        if messageCount == 0 { return true }
        if messageCount < messageCountMax, byteCount + added <= Limits.pageByteCountMax {
            return held.isEmpty
                || held.count < Limits.heldMessageCountMax && heldByteCount + added <= Limits.heldByteCountMax
        }
        return isFirstTime && messageCount < Limits.momentMessageCountMax
            && byteCount + added <= Limits.momentByteCountMax
    }

    /// The end of the messages was reached.
    mutating func finish() { release() }

    private mutating func release() {
        released += held
        held = []
        heldByteCount = 0
    }

    /// Takes the messages that are certain to be in the list and were not taken yet.
    mutating func takeReleased() -> [Message] {
        defer { released = [] }
        return released
    }
}
