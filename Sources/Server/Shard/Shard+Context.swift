import API
import Auth
import Broker
import Chat
import Logging
import Primitives
import Reactor
import Storage

// What the handlers of requests ask of a shard (`Context`, `ShopOwner` and `UserCounter` of API). The rest is with its
// subject: roles with the memberships, the limits of a user with the users, the memory and the turns of responses with
// the connections, readiness and metrics with theirs.

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
}

extension Shard: ShopOwner {
    var isOrderedByBroker: Bool { storage.broker.ordersChanges }
}

extension Shard: OrphanSearcher {
    var isDraining: Bool { drainProgress.isDraining }

    func countOrphanedImage() { counters.orphanedImages += 1 }
}
