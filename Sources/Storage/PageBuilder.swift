import Primitives

/// A page of a list in the order of a time, while it is read.
///
/// It is full by messages or by bytes of text. A reader goes on behind the time of the last message, so that a page
/// never ends between messages of one time: it leaves all of them to the next one, or, when it has no others, it holds
/// all of them. Only other writers give messages equal times; more than `Limits.momentMessageCountMax` are cut.
struct PageBuilder {
    /// The time that orders the list.
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
    private var messages: [Message] = []
    private var byteCount = 0
    /// Whether a message was left to the next page.
    private(set) var isCut = false

    init(_ order: Order, limit: Int) {
        self.order = order
        messageCountMax = limit
    }

    var page: MessagePage { MessagePage(messages: messages, hasMore: isCut) }

    /// Takes the next message of the list, whose text has `byteCount` bytes; false when the page is done. O(1)
    /// amortised.
    mutating func add(_ message: Message, byteCount added: Int) -> Bool {
        let fits = messages.count < messageCountMax && byteCount + added <= Limits.pageByteCountMax
        guard let first = messages.first, !fits else { return take(message, added) }
        let time = order.time(of: message)
        if time == order.time(of: first), messages.count < Limits.momentMessageCountMax,
            byteCount + added <= Limits.momentByteCountMax
        {
            return take(message, added)
        }
        isCut = true
        if time != order.time(of: first) {
            while let last = messages.last, order.time(of: last) == time { messages.removeLast() }
        }
        return false
    }

    private mutating func take(_ message: Message, _ added: Int) -> Bool {
        messages.append(message)
        byteCount += added
        return true
    }
}
