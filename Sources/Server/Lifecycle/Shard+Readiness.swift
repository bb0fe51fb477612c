import API
import HTTP
import HTTPTypes
import Logging
import Primitives
import Reactor
import Storage

extension Shard {
    /// Checks the store, unless a check is in flight, and again a second later. On the first shard only.
    func checkReadiness() {
        guard !drainProgress.isDraining else { return }
        if storage.readiness.timePassed(at: reactor.now) { announceReadiness("no answer in time") }
        if storage.isOpen, storage.readiness.begin(at: reactor.now) {
            Task(executorPreference: reactor) {
                var failure: StorageError?
                do throws(StorageError) { try await self.storage.store.ping() } catch { failure = error }
                if self.storage.readiness.ended(failure?.kind) { self.announceReadiness(failure?.detail) }
            }
        }
        schedule(.readiness, at: reactor.now + ServerLimits.readinessPeriod)
    }

    private func announceReadiness(_ reason: String?) {
        for other in directory.members.indices where other != index {
            send(.readinessChanged(storage.readiness.state), to: other)
        }
        if let reason {
            environment.log.warning("not ready", metadata: ["reason": "\(reason)"])
        } else {
            environment.log.notice("ready again")
        }
    }

    var readiness: Readiness {
        guard !drainProgress.isAnnounced else { return .draining }
        // Known without a query, and logged when they change: the takeover of a store, and the lock of PostgreSQL.
        guard storage.isOpen else { return .storeInUse }
        switch storage.nodeLock?.status {
        case .held, nil: break
        case .taken: return .storeInUse
        case .unknown: return .failed(.unavailable)
        }
        switch storage.readiness.state {
        case .ready: return .ready
        case .failed(let kind): return .failed(kind)
        case .unanswered: return .failed(.unavailable)
        }
    }
}
