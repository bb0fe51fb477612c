import API
import Auth
import Chat
import HTTP
import Logging
import Primitives
import Synchronization
import Tracing

@testable import Storage

/// A reactor that owns all shops and users, on a store in memory. It records what is published.
///
/// @unchecked: one test uses it, one call at a time.
final class TestContext: @unchecked Sendable {
    /// What a handler may run out of.
    enum Resource: String, Decodable {
        case reads, writes, uploadBytes, responseMemory, signedReads
    }

    /// When the store fails.
    enum StoreFailure: String, Decodable {
        /// From the next call on.
        case now
        /// When a write begins on the shop's owner, so that what precedes it succeeds.
        case writes
    }

    var settings: APISettings
    let memory: MemoryStore
    var images: any ImageStore = MemoryImageStore()
    var civilTime = Timestamp(microsecondsSinceEpoch: 1_767_000_000_000_000)
    var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var shops = Shops()
    var messageTotals = MessageTotals(shopCountMax: 8)
    var readiness = Readiness.ready
    var isDraining = false
    var mayReadMetrics = true

    var exhausted: Set<Resource> = []
    var storeFailure: StoreFailure?
    /// The reactors that other shops' or users' requests reach; nil for this one.
    var shopOwner: TestContext?
    var userCounter: TestContext?
    /// Read by the next wait for keys, which makes these tokens known.
    var reloadedTokens: Set<String>?

    private(set) var knownTokens: Set<String> = []
    private(set) var published: [(kind: ChatEvent.Kind, shop: ShopID)] = []
    private(set) var storageFailures: [StorageError.Kind] = []
    private(set) var refusedTokens: [AuthError] = []
    private(set) var writeCount = 0
    private(set) var returnedWriteCount = 0
    private(set) var uploadByteCount = 0
    private(set) var heldByteCount = 0
    private(set) var readCount = 0
    private(set) var signedReadCount = 0
    private(set) var orphanCount = 0
    private(set) var failedAttemptCount = 0
    private var randomBytes = RandomBytes()
    private var roles: [MembershipChange: ShopRole] = [:]
    private(set) var isPieceTurnAwaited = false

    init(isSigned: Bool = false, messageCountMax: Int = 1_000) {
        memory = MemoryStore(messageCountMax: messageCountMax)
        let signer = LinkSigner(key: [UInt8](repeating: 7, count: LinkSigner.keyByteCount))
        settings = APISettings(
            imageLinks: ImageLinks(
                publicURL: isSigned ? CaseRun.publicURL : nil, prefixes: RoutePrefixes(),
                signer: isSigned ? signer : nil),
            startedAt: civilTime)
        settings.documents = APISettings.Documents(
            openAPI: Array(#"{"openapi":"3.1.0"}"#.utf8), demoPage: Array("<!doctype html>".utf8),
            demoSession: Array(#"{"shop_id":"demo"}"#.utf8), adminPage: Array("<!doctype html>".utf8))
        settings.adminSecret = AdminSecret("the-secret-of-the-cases")
    }

    func nextRandomPair() -> (UInt64, UInt64) { randomBytes.nextPair() }

    private func take(_ resource: Resource, or error: APIError) throws(APIError) {
        if exhausted.contains(resource) { throw error }
    }
}

extension TestContext: ShopOwner, UserCounter, MeasuredReactor, OrphanSearcher {
    var taskExecutor: any TaskExecutor { globalConcurrentExecutor }
    var isCurrent: Bool { true }
    var store: any Store { memory }
    var isOrderedByBroker: Bool { false }

    func startSpan(_ name: String, in trace: TraceContext) -> any Tracing.Span {
        NoOpTracer().startSpan(name, context: .topLevel)
    }
    func awaitReport(of message: MessageID, in trace: TraceContext) {}
    func forgetReport(of message: MessageID) {}
    func countFailure(_ kind: StorageError.Kind) { storageFailures.append(kind) }
    func countOrphanedImage() { orphanCount += 1 }
    func publish(_ event: EncodedEvent, to shop: ShopID) { published.append((event.kind, shop)) }
    func snapshot() -> Int { published.count }

    func takeFailedAttempt(of address: PeerAddress) throws(APIError) {
        failedAttemptCount += 1
        if failedAttemptCount > 2 { throw .tooManyAttempts(retryAfterSeconds: 7) }
    }

    func beginRead(by user: UserID) throws(APIError) {
        try take(.reads, or: .tooManyOwnReads)
        readCount += 1
    }

    func takeWrite(by user: UserID) throws(APIError) {
        try take(.writes, or: .tooManyOwnWrites(retryAfterSeconds: 3))
        writeCount += 1
        if storeFailure == .writes { memory.fail() }
    }

    func returnWrite(by user: UserID) { returnedWriteCount += 1 }

    func takeUpload(ofByteCount byteCount: Int, by user: UserID) throws(APIError) {
        try take(.uploadBytes, or: .uploadQuotaExceeded(retryAfterSeconds: 60))
        uploadByteCount += byteCount
    }
}

extension TestContext: Context {
    func owner(of shop: ShopID) -> TestContext { shopOwner ?? self }
    func owner(of user: UserID) -> TestContext { userCounter ?? self }
    func owner(of address: PeerAddress) -> TestContext { self }

    /// `user:NAME` is the token of a user; `expired` and `forged` are refused for that reason; `key:NAME` has a key
    /// that is known after the next wait for keys.
    func verify(_ token: Swift.Span<UInt8>) throws(AuthError) -> Identity {
        guard let utf8 = try? UTF8Span(validating: token) else { throw .malformed }
        let token = String(copying: utf8)
        switch token {
        case "expired": throw .expired
        case "forged": throw .badSignature
        default: break
        }
        if token.utf8.starts(with: "key:".utf8), !knownTokens.contains(token) { throw .unknownKey }
        guard let colon = token.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed }
        let name = String(token[token.utf8.index(after: colon)...])
        return Identity(userID: UserID(name), name: "The \(name)", expiresAt: .latest)
    }

    func joinKeyReload() -> (@Sendable () async -> Void)? {
        guard let tokens = reloadedTokens else { return nil }
        return { self.knownTokens.formUnion(tokens) }
    }

    func countRefusal(_ error: AuthError) { refusedTokens.append(error) }

    func rememberedRole(of user: UserID, in shop: ShopID) -> ShopRole? {
        roles[MembershipChange(shopID: shop, userID: user)]
    }

    var membershipVersion: Int { 0 }

    func remember(_ role: ShopRole, of user: UserID, in shop: ShopID, lookedUpAt version: Int) {
        roles[MembershipChange(shopID: shop, userID: user)] = role
    }

    var areReadsLimited: Bool { true }
    var areWritesLimited: Bool { true }
    var areUploadBytesLimited: Bool { true }
    var areFailedAttemptsLimited: Bool { true }

    func holdRead(for request: Request, by user: UserID) {}
    func sendReturnedWrite(by user: UserID) { userCounter?.returnWrite(by: user) }
    func sendReturnedUpload(ofByteCount byteCount: Int, by user: UserID) { uploadByteCount -= byteCount }

    func reserveSignedRead(for request: Request, in shop: ShopID) throws(APIError) {
        try take(.signedReads, or: .tooManyResponses)
        signedReadCount += 1
    }

    func holdResponseMemory(_ byteCount: Int, for request: Request) throws(APIError) {
        try take(.responseMemory, or: .tooManyResponses)
        heldByteCount = byteCount
    }

    func logMetadata(of request: Request) -> Logger.Metadata { [:] }

    func takePieceTurn() -> Bool { false }

    func waitForPieceTurn(_ task: CheckedContinuation<Void, Never>) {
        isPieceTurnAwaited = true
        task.resume()
    }

    func mayReadMetrics(_ request: Request) -> Bool { mayReadMetrics }
    var reactors: [TestContext] { [self] }

    func totals(of snapshots: [Int]) -> ServerTotals { ServerTotals(openStreams: snapshots.count, openShops: 0) }

    func metricsText(of snapshots: [Int]) -> [UInt8] { Array("# TYPE http_responses_total counter\n".utf8) }

    func figuresJSON(of snapshots: [Int]) -> [UInt8] { Array(#"{"reactors":[]}"#.utf8) }
}

extension MemoryStore {
    /// Every call fails from here on.
    func fail() { state.withLock { $0.isClosed = true } }
}
