import HTTP
import Primitives
import Reactor

/// What a reactor keeps of a connection that speaks HTTP. Freed when it becomes a stream.
final class HTTPConnection {
    enum Phase {
        /// Reading a request, or waiting for one.
        case reading
        /// The head of an upload is looked at, or a piece of one is being written; nothing is read meanwhile.
        case admitting
        case storing
        /// A handler works on a request; nothing is read meanwhile.
        case handling
        /// A response is on its way.
        case responding
        /// The answer is sent; the rest of a refused body is read over → `lingering`.
        case skipping
        /// Our side is ended; what still comes is dropped until the peer ends too.
        case lingering
    }

    /// What the timer of a connection that is read from stands for.
    enum Awaited {
        case next
        case head
        case body
    }

    var phase = Phase.reading
    var waitingFor = Awaited.next
    var parser: RequestParser
    let address: PeerAddress?
    /// The listener that accepted it.
    let listener: ListenerKind
    /// Whether it takes one of its address's connections; the stream that it becomes takes it over.
    var isCounted: Bool
    var head: RequestHead?
    /// The `Origin` of the request that is read, handled or answered.
    var origin: String?
    /// Whether the client waits for `100 Continue` with the body.
    var awaitsContinue = false
    /// The body that was refused before its end, while the rest of it is read over.
    var refusedBody: RefusedBody?
    var body: [UInt8] = []
    /// Whether the body of the request that is being read is kept; another is dropped as it comes.
    var keepsBody = false
    /// What takes the body in its place, when that is an upload's.
    var upload: ImageUpload?
    /// Whether the request counts as one of the reactor's uploads, until its answer.
    var isUpload = false
    /// How fast an upload arrives.
    var arrival: ProgressWatch?
    /// What the request has in flight of its user's, until its answer was sent.
    var reservation: UserReservation?
    /// The shop of the image that the request reads by a signed URL, until its answer was sent.
    var signedReadShop: ShopID?
    /// Whether the request waited for a read of the keys: it does so once.
    var hasAwaitedKeys = false
    /// Bytes behind the request that is being handled.
    var leftover: [UInt8] = []
    /// Whether the response under way is the last.
    var closesAfterResponse = false
    /// A send is under way: `100 Continue`, or the response.
    var isSending = false
    /// What the response takes of the reactor's memory for responses.
    var heldByteCount = 0
    /// What is being sent, and what follows.
    var output = OutgoingBytes()
    /// Whether the response has pieces that are not produced yet.
    var isProducing = false
    /// The task that waits until `output` was taken; false when the connection ended before.
    var sender: CheckedContinuation<Bool, Never>?
    /// How fast the peer takes the response.
    var progress: ProgressWatch?
    var timer: TimerID?

    init(
        address: PeerAddress?, isCounted: Bool, listener: ListenerKind = .main, limits: HTTPLimits = HTTPLimits()
    ) {
        self.address = address
        self.listener = listener
        self.isCounted = isCounted
        parser = RequestParser(limits: limits)
    }
}

/// Bytes on their way to a peer, a bounded part of them at a time: so the peer's pace shows.
struct OutgoingBytes {
    private var bytes: [UInt8] = []
    private var sentByteCount = 0
    /// The part that is being sent.
    private var partByteCount = 0

    var isEmpty: Bool { sentByteCount == bytes.count }

    /// Adds bytes behind the others. O(bytes); takes the array over when nothing else waits.
    mutating func append(_ more: [UInt8]) {
        if bytes.isEmpty { bytes = more } else { bytes += more }
    }

    /// Gives the part that is to be sent now.
    mutating func sendNext(byteCountMax: Int, _ send: (Span<UInt8>) -> Void) {
        partByteCount = min(bytes.count - sentByteCount, byteCountMax)
        send(bytes.span.extracting(sentByteCount..<sentByteCount + partByteCount))
    }

    /// The part was sent; its byte count.
    mutating func sent() -> Int {
        defer { partByteCount = 0 }
        sentByteCount += partByteCount
        if isEmpty { (bytes, sentByteCount) = ([], 0) }
        return partByteCount
    }
}
