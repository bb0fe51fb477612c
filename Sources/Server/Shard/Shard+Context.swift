import API
import Auth
import Broker
import Chat
import Logging
import Primitives
import Reactor
import Sessions
import Storage

// What the handlers of requests ask of a shard (`Context`, `ShopOwner` and `UserCounter` of API). The rest is with its
// subject: what a request holds of its user's limits with the users, the memory of responses with the connections,
// readiness and metrics with theirs.

extension Shard: Context {
    var taskExecutor: any TaskExecutor { reactor }
    var isCurrent: Bool { reactor.isCurrent }
    var settings: APISettings { environment.api }
    var store: any Store { storage.store }
    var images: any ImageStore { storage.images }
    var log: Logger { environment.log }
    var now: MonotonicInstant { reactor.now }

    func countFailure(_ kind: StorageError.Kind) { counters.storageErrors[kind, default: 0] += 1 }

    func countRefusal(_ error: AuthError) { counters.authFailures[error, default: 0] += 1 }

    /// The identity of a token, by the current keys. Open streams end when their token expires.
    func verify(_ token: Span<UInt8>) throws(AuthError) -> Identity {
        try authenticator.verify(token, now: civilTime)
    }

    func joinKeyReload() -> (@Sendable () async -> Void)? {
        guard let reload = authenticator.joinReload() else { return nil }
        return { await reload.wait() }
    }

    func rememberedRole(of user: UserID, in shop: ShopID) -> ShopRole? {
        memberships.role(of: user, in: shop, at: reactor.now)
    }

    var membershipVersion: MembershipWatch.Version { memberships.version }

    func remember(
        _ role: ShopRole, of user: UserID, in shop: ShopID, lookedUpAt version: MembershipWatch.Version
    ) {
        memberships.remember(role, of: user, in: shop, lookedUpAt: version, at: reactor.now)
    }

    var messageTotals: MessageTotals {
        get { storage.messageTotals }
        _modify { yield &storage.messageTotals }
    }

    func takePieceTurn() -> Bool { http.pieceTurns.take(turnBeganAt: reactor.turnBeganAt) }

    func waitForPieceTurn(_ task: CheckedContinuation<Void, Never>) { http.pieceTurns.wait(task) }
}

extension Shard: ShopOwner {
    var isOrderedByBroker: Bool { storage.broker.ordersChanges }

    func awaitReport(of message: MessageID, in trace: TraceContext) { awaitedTraces.await(message, in: trace) }

    func forgetReport(of message: MessageID) { _ = awaitedTraces.take(message) }
}

// On the shard that counts the user.
extension Shard: UserCounter {
    func beginRead(by user: UserID) throws(APIError) {
        try limited { () throws(UserLimits.Refusal) in try userLimits.begin(.read, by: UserLimits.User(user)) }
    }

    func takeWrite(by user: UserID) throws(APIError) {
        try limited { () throws(UserLimits.Refusal) in
            try userLimits.takeWrite(by: UserLimits.User(user), at: reactor.now)
        }
    }

    func returnWrite(by user: UserID) { userLimits.returnWrite(by: UserLimits.User(user), at: reactor.now) }

    func takeUpload(ofByteCount byteCount: Int, by user: UserID) throws(APIError) {
        try limited { () throws(UserLimits.Refusal) in
            try userLimits.takeUpload(ofByteCount: byteCount, by: UserLimits.User(user), at: reactor.now)
        }
    }

    /// Asks the limits; a refusal is counted here and thrown as its status.
    func limited(_ body: () throws(UserLimits.Refusal) -> Void) throws(APIError) {
        do throws(UserLimits.Refusal) {
            try body()
        } catch {
            counters.userLimitRefusals[error.label, default: 0] += 1
            throw APIError(error)
        }
    }
}

extension Shard: OrphanSearcher {
    var isDraining: Bool { drainProgress.isDraining }

    func countOrphanedImage() { counters.orphanedImages += 1 }
}
