import HTTP
import HTTPTypes
import Logging
import Primitives
import Reactor
import Storage

extension Shard {
    /// Looks at the store, unless a look is in flight, and again a second later; on the first shard only.
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

    /// `GET /readyz`. O(1): no query and no line of the log, as anyone may ask, and as often as they like.
    func readinessAnswer() -> Response {
        guard !drainProgress.isDraining else { return Response(APIError.draining) }
        // Known without asking, and logged when they change: a storage.takeover, and the lock of PostgreSQL.
        guard storage.isOpen else { return Response(APIError.storeInUse) }
        switch storage.nodeLock?.status {
        case .held, nil: break
        case .taken: return Response(APIError.storeInUse)
        case .unknown: return Response(APIError(StorageError(.unavailable, detail: "")))
        }
        switch storage.readiness.state {
        case .ready: return Response(body: Array("{\"status\":\"ready\"}".utf8))
        case .failed(let kind): return Response(APIError(StorageError(kind, detail: "")))
        case .unanswered: return Response(APIError(StorageError(.unavailable, detail: "")))
        }
    }

    // MARK: - Metrics

    /// Whether the metrics may be read: they name shops, so in production only from this machine and by trusted proxies,
    /// or by any client of the metrics listener.
    /// A request that a proxy forwards counts as its client's; one that names a client without being forwarded by a
    /// trusted proxy does not count as this machine's.
    func mayReadMetrics(_ request: Request) -> Bool {
        guard environment.configuration.mode == .production, request.source.listener == .main else { return true }
        guard let peer = http[request.connection]?.address, let client = request.address else { return false }
        let isForwarded = ["X-Forwarded-For", "Forwarded", "X-Real-IP"].contains { name in
            HTTPField.Name(name).map { request.head.fields[$0] != nil } ?? false
        }
        let isTrusted = environment.configuration.trustedProxies.contains(peer)
        if isForwarded, !isTrusted { return false }
        return client.isLoopback || environment.configuration.trustedProxies.contains(client)
    }
}
