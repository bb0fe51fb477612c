import API
import HTTP
import Primitives
import Reactor
import Sessions

/// A reactor's state of a connection that speaks HTTP. Freed when the connection becomes a stream.
final class HTTPConnection {
    var session: HTTPSession
    var transport: Transport
    let address: PeerAddress?
    /// The listener that accepted it.
    let listener: ListenerKind
    /// Whether it counts as one of its address's connections. The stream that it becomes takes this over.
    var isCounted: Bool
    /// The `Origin` of the request that is being read, handled or answered.
    var origin: String?
    /// The identifier of that request: once a log line or its response needs one, or when a trusted proxy has named it.
    var requestID: String?
    /// The span of the request, from its last byte to the end of its response; nil when its trace is not recorded.
    var span: OTLPSpan?
    /// What the head of the request that is being read has decided.
    var plan: RequestPlan?
    /// The upload that takes the body.
    var upload: ImageUpload?
    /// Whether the request counts as one of the reactor's uploads, until its response.
    var isUpload = false
    /// What the request has in flight of its user's limits, until its response was sent.
    var reservation: UserReservation?
    /// The shop of the image that the request reads by a signed URL, until its response was sent.
    var signedReadShop: ShopID?
    /// The bytes that the response holds of the reactor's memory for responses.
    var heldByteCount = 0
    /// The task that waits until the kernel took the response so far; false when the connection ended before.
    var sender: CheckedContinuation<Bool, Never>?
    /// The task that waits until TLS has nothing more to send; false when the connection ended before.
    var idleWaiter: CheckedContinuation<Bool, Never>?
    var timer: TimerID?

    init(
        _ session: HTTPSession, transport: Transport, address: PeerAddress?, isCounted: Bool,
        listener: ListenerKind = .main
    ) {
        self.session = session
        self.transport = transport
        self.address = address
        self.listener = listener
        self.isCounted = isCounted
    }
}
