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

    /// `GET /readyz`. O(1), without a query or a log line, as any client may send it, at any rate.
    func readinessAnswer() -> Response {
        guard !drainProgress.isDraining else { return Response(APIError.draining) }
        // Known without a query, and logged when they change: the takeover of a store, and the lock of PostgreSQL.
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

    /// Whether a request may read the metrics, which name shops. In production, only clients on this machine, trusted
    /// proxies and all clients of the metrics listener may.
    ///
    /// A request that a proxy forwards counts as its client's. A request that names a client, but was not forwarded by
    /// a trusted proxy, does not count as this machine's.
    func mayReadMetrics(_ request: Request) -> Bool {
        guard environment.configuration.mode == .production, !request.source.isOnMetricsListener else { return true }
        guard let peer = http[request.connection]?.address, let client = request.address else { return false }
        let isForwarded = ["X-Forwarded-For", "Forwarded", "X-Real-IP"].contains { name in
            HTTPField.Name(name).map { request.head.fields[$0] != nil } ?? false
        }
        let isTrusted = environment.configuration.trustedProxies.contains(peer)
        if isForwarded, !isTrusted { return false }
        return client.isLoopback || environment.configuration.trustedProxies.contains(client)
    }
}
