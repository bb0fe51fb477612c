import HTTP
import Primitives
import Reactor

/// A reactor's state of a connection that speaks HTTP. Freed when the connection becomes a stream.
final class HTTPConnection {
    enum Phase {
        /// Reading a request, or waiting for one.
        case reading
        /// The head of an upload is being checked, or a piece of one is being written; nothing is read meanwhile.
        case admitting
        case storing
        /// A handler works on a request; nothing is read meanwhile.
        case handling
        /// A response is being sent.
        case responding
        /// The response was sent, and the rest of a refused body is read and dropped → `lingering`.
        case skipping
        /// Our side is shut down. Bytes are dropped until the peer shuts down its own.
        case lingering
    }

    /// What the timer of a connection that is read from waits for.
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
    /// Whether it counts as one of its address's connections. The stream that it becomes takes this over.
    var isCounted: Bool
    var head: RequestHead?
    /// The `Origin` of the request that is being read, handled or answered.
    var origin: String?
    /// Whether the client waits for `100 Continue` before it sends the body.
    var awaitsContinue = false
    /// The body that was refused before its end, while the rest of it is read and dropped.
    var refusedBody: RefusedBody?
    var body: [UInt8] = []
    /// Whether the body of the request that is being read is kept. Otherwise it is dropped as it arrives.
    var keepsBody = false
    /// The upload that takes the body instead of `body`.
    var upload: ImageUpload?
    /// Whether the request counts as one of the reactor's uploads, until its response.
    var isUpload = false
    /// How fast an upload arrives.
    var arrival: ProgressWatch?
    /// What the request has in flight of its user's limits, until its response was sent.
    var reservation: UserReservation?
    /// The shop of the image that the request reads by a signed URL, until its response was sent.
    var signedReadShop: ShopID?
    /// Whether the request has waited for a read of the keys: it waits once.
    var hasAwaitedKeys = false
    /// Bytes after the request that is being handled.
    var leftover: [UInt8] = []
    /// Whether the response in flight is the last.
    var closesAfterResponse = false
    /// Whether a send is in flight: `100 Continue`, or the response.
    var isSending = false
    /// The bytes that the response holds of the reactor's memory for responses.
    var heldByteCount = 0
    /// The bytes that are being sent, and those that follow.
    var output = OutgoingBytes()
    /// Whether the response has pieces that are not produced yet.
    var isProducing = false
    /// The task that waits until the kernel took `output`; false when the connection ended before.
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

/// Bytes to send to a peer, a bounded part of them at a time, so that the peer's pace is visible.
struct OutgoingBytes {
    private var bytes: [UInt8] = []
    private var sentByteCount = 0
    /// The part that is being sent.
    private var partByteCount = 0

    var isEmpty: Bool { sentByteCount == bytes.count }

    /// Appends bytes. O(bytes); takes the array over when nothing else is pending.
    mutating func append(_ more: [UInt8]) {
        if bytes.isEmpty { bytes = more } else { bytes += more }
    }

    /// Passes the part that is to be sent now to `send`.
    mutating func sendNext(byteCountMax: Int, _ send: (Span<UInt8>) -> Void) {
        partByteCount = min(bytes.count - sentByteCount, byteCountMax)
        send(bytes.span.extracting(sentByteCount..<sentByteCount + partByteCount))
    }

    /// The part was sent; returns its byte count.
    mutating func sent() -> Int {
        defer { partByteCount = 0 }
        sentByteCount += partByteCount
        if isEmpty { (bytes, sentByteCount) = ([], 0) }
        return partByteCount
    }
}
