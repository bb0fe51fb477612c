import HTTP
import Primitives

/// A request and its intended send time.
struct Ticket {
    /// The kind of request.
    enum Kind: UInt8 {
        /// Creates a message.
        case create
        /// Lists a shop's newest messages.
        case list
        /// Lists what a stream missed; `sequence` is the stream's number in its lane.
        case catchUp
    }

    let kind: Kind
    let shop: UInt32
    /// The writer of the shop.
    var writer: UInt32 = 0
    /// The intended send time.
    let intended: MonotonicInstant
    /// The message's number, once it is written.
    var sequence: UInt32 = 0
}

/// A FIFO queue of tickets. Amortised O(1), no allocation in the steady state.
struct TicketQueue {
    private var tickets: [Ticket] = []
    private var head = 0

    var count: Int { tickets.count - head }
    var first: Ticket? { head < tickets.count ? tickets[head] : nil }

    mutating func append(_ ticket: Ticket) { tickets.append(ticket) }

    mutating func popFirst() -> Ticket? {
        guard head < tickets.count else { return nil }
        defer {
            head += 1
            if head == tickets.count {
                tickets.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 4_096, head > tickets.count / 2 {
                tickets.removeFirst(head)
                head = 0
            }
        }
        return tickets[head]
    }

    mutating func popAll() -> [Ticket] {
        defer { self = TicketQueue() }
        return Array(tickets[head...])
    }
}

/// A connection that sends requests. All messages of one writer of a shop use the same one, in order.
struct Poster {
    /// The state of the connection.
    enum Phase {
        /// Not connected. Becomes `connecting`.
        case idle
        /// The kernel is connecting. Becomes `securing`, `open` or `idle`.
        case connecting
        /// The handshake of TLS has begun. Becomes `open` or `idle`.
        case securing
        /// Requests can be sent. Becomes `idle`.
        case open
    }

    var phase = Phase.idle
    /// Whether the connection is on its way to being open.
    var isOpening: Bool { phase == .connecting || phase == .securing }
    var connection = ConnectionID(slot: 0, generation: 0)
    var parser = ResponseParser(limits: HTTPLimits(bodyBytesMax: UInt32(LoadLimits.listByteCountMax)))
    /// The status of the response that is being read.
    var statusCode = 0
    /// The body of a response that is examined.
    var body: [UInt8] = []
    /// Requests that wait for room among those in flight.
    var backlog = TicketQueue()
    /// Requests that are written and not answered.
    var inFlight = TicketQueue()
    /// Bytes to send once the send in flight has completed.
    var output: [UInt8] = []
    var isSending = false
    /// When to retry the connect.
    var retryAt = MonotonicInstant(nanoseconds: 0)
}
