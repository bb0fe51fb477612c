public import Auth
public import Chat
public import Logging
public import Primitives
public import Storage
public import Tracing

// What handlers may ask of the server. A handler runs on the reactor on which its request arrived (`Context`). It asks
// the reactor that counts a user for that user's limits (`UserCounter`), and changes a shop on the reactor that owns the
// shop (`ShopOwner`). The server's shards conform to all of them, and so does the context of the tests.
//
// An awaited requirement of a protocol costs more than a call: the requirements that most requests use are synchronous.
// What awaits is in the extensions.

/// A reactor, as the code that runs on it sees it: its executor, its store, and what belongs to both.
public protocol ReactorContext: AnyObject, Sendable {
    /// The executor of the reactor's tasks.
    var taskExecutor: any TaskExecutor { get }
    /// Whether the caller is on the reactor.
    var isCurrent: Bool { get }

    /// The settings of handlers.
    var settings: APISettings { get }
    /// Messages, memberships and the records of images.
    var store: any Store { get }
    /// The bytes of images.
    var images: any ImageStore { get }
    /// The civil time now, to the microsecond.
    var civilTime: Timestamp { get }
    /// The monotonic time now.
    var now: MonotonicInstant { get }
    /// The server's log.
    var log: Logger { get }

    /// The next 16 random bytes, as two words: this reactor hands them out once.
    func nextRandomPair() -> (UInt64, UInt64)

    /// Starts a span that is part of another one, whose trace is recorded.
    func startSpan(_ name: String, in trace: TraceContext) -> any Tracing.Span

    /// Counts a failure of a store.
    func countFailure(_ kind: StorageError.Kind)
}

/// The reactor that owns a shop: all changes of the shop happen there.
public protocol ShopOwner: ReactorContext {
    /// The shops of this reactor in which something changed lately.
    var shops: Shops { get set }
    /// Whether other nodes write the shops too. Then the order of the commits is the order of publication, also for
    /// this node's changes, and the database assigns the times.
    var isOrderedByBroker: Bool { get }
    /// The traces of changes that the broker will report, when it orders them.
    func awaitReport(of message: MessageID, in trace: TraceContext)
    /// A change for which a report was awaited is not written.
    func forgetReport(of message: MessageID)

    /// Publishes an event to the shop's streams.
    func publish(_ event: EncodedEvent, to shop: ShopID)
}

/// The reactor that counts what a user or a client's address does. Each function throws when it is over a limit.
public protocol UserCounter: ReactorContext {
    /// Counts a request of the address without a valid token or secret.
    func takeFailedAttempt(of address: PeerAddress) throws(APIError)
    /// Begins a read of the user.
    func beginRead(by user: UserID) throws(APIError)
    /// Counts a write of the user.
    func takeWrite(by user: UserID) throws(APIError)
    /// Takes back a write that was refused or failed.
    func returnWrite(by user: UserID)
    /// Counts the bytes of an image that is about to be stored.
    func takeUpload(ofByteCount byteCount: Int, by user: UserID) throws(APIError)
}

/// A reactor whose figures health responses and metrics show.
public protocol MeasuredReactor: ReactorContext {
    /// The figures of a reactor at one moment.
    associatedtype Snapshot: Sendable

    /// The figures of this reactor now.
    func snapshot() -> Snapshot
}

/// The reactor on which a request arrived.
public protocol Context: ReactorContext {
    /// A reactor that owns shops and counts users.
    associatedtype Owner: ShopOwner, UserCounter, MeasuredReactor
    /// The changes of memberships that were known when a look-up began.
    associatedtype MembershipVersion: Sendable

    /// The reactor that owns a shop.
    func owner(of shop: ShopID) -> Owner
    /// The reactor that counts a user.
    func owner(of user: UserID) -> Owner
    /// The reactor that counts a client's address.
    func owner(of address: PeerAddress) -> Owner

    // MARK: Identity and membership

    /// The identity of a token, by the current keys.
    func verify(_ token: Swift.Span<UInt8>) throws(AuthError) -> Identity
    /// A wait for a read of the keys that a token with an unknown key may need; nil when none is in flight or due.
    func joinKeyReload() -> (@Sendable () async -> Void)?
    /// Counts a token that was refused.
    func countRefusal(_ error: AuthError)
    /// The user's role in the shop, if it was looked up recently.
    func rememberedRole(of user: UserID, in shop: ShopID) -> ShopRole?
    /// A look-up in the store begins.
    var membershipVersion: MembershipVersion { get }
    /// Remembers the result of a look-up that began at `version`, unless memberships changed meanwhile.
    func remember(_ role: ShopRole, of user: UserID, in shop: ShopID, lookedUpAt version: MembershipVersion)

    // MARK: Limits

    /// Whether the reads of a user are limited.
    var areReadsLimited: Bool { get }
    /// Whether the writes of a user are limited.
    var areWritesLimited: Bool { get }
    /// Whether the bytes of a user's uploads are limited.
    var areUploadBytesLimited: Bool { get }
    /// Whether the requests of an address without a valid token or secret are limited.
    var areFailedAttemptsLimited: Bool { get }
    /// Ends a read that began on its user's reactor when the response to the request was sent.
    func holdRead(for request: Request, by user: UserID)
    /// Takes back, from another reactor, a write that was refused or failed.
    func sendReturnedWrite(by user: UserID)
    /// Takes back, from another reactor, the bytes of an image that was not stored.
    func sendReturnedUpload(ofByteCount byteCount: Int, by user: UserID)
    /// Counts a read by a signed URL, from before the work until the response was sent.
    func reserveSignedRead(for request: Request, in shop: ShopID) throws(APIError)
    /// Reserves what the response to a request may hold, from before it is produced until it was sent.
    func holdResponseMemory(_ byteCount: Int, for request: Request) throws(APIError)

    // MARK: The log

    /// The fields of a log line about a request: its identifier, which the response then has too, its route, shop and
    /// user.
    func logMetadata(of request: Request) -> Logger.Metadata

    // MARK: Work

    /// Whether a task may work on a piece of a body now.
    func takePieceTurn() -> Bool
    /// Resumes the task when it may work on a piece of a body: in a later turn of the reactor.
    func waitForPieceTurn(_ task: CheckedContinuation<Void, Never>)
    /// The counts of messages that numbered pages need.
    var messageTotals: MessageTotals { get set }

    // MARK: Probes

    /// Whether the server can work, by the last check. O(1).
    var readiness: Readiness { get }
    /// Whether a request may read the metrics, which name shops.
    func mayReadMetrics(_ request: Request) -> Bool
    /// All reactors.
    var reactors: [Owner] { get }
    /// The figures of health responses.
    func totals(of snapshots: [Owner.Snapshot]) -> ServerTotals
    /// The metrics, in Prometheus' text format.
    func metricsText(of snapshots: [Owner.Snapshot]) -> [UInt8]
    /// The figures of the live view, JSON.
    func figuresJSON(of snapshots: [Owner.Snapshot]) -> [UInt8]
}

/// Whether the server can work.
public enum Readiness: Hashable, Sendable {
    /// The store reads and writes.
    case ready
    /// The server is stopping.
    case draining
    /// Another server uses the store.
    case storeInUse
    /// The store fails, or does not answer in time (`unavailable`).
    case failed(StorageError.Kind)

    /// A stable name: the code of the error with which `/readyz` is answered, or `ready`.
    public var label: String {
        switch self {
        case .ready: "ready"
        case .draining: APIError.Code.draining.rawValue
        case .storeInUse: APIError.Code.storeInUse.rawValue
        case .failed(let kind): kind.code
        }
    }
}

/// The figures that health responses need.
public struct ServerTotals: Hashable, Sendable {
    /// Streams that are open.
    public let openStreams: Int
    /// Shops that have streams.
    public let openShops: Int

    /// Creates totals.
    public init(openStreams: Int, openShops: Int) {
        self.openStreams = openStreams
        self.openShops = openShops
    }
}
