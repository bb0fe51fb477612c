import HTTP
import HTTPTypes
import Logging
import Primitives
import Reactor
import Storage

extension Shard {
    /// Looks at the store, unless a look is in flight, and again a second later; on the first shard only.
    func checkReadiness() {
        guard !isDraining else { return }
        if readiness.timePassed(at: reactor.now) { announceReadiness("no answer in time") }
        if isStoreOpen, readiness.begin(at: reactor.now) {
            Task(executorPreference: reactor) {
                var failure: StorageError?
                do throws(StorageError) { try await self.store.ping() } catch { failure = error }
                if self.readiness.ended(failure?.kind) { self.announceReadiness(failure?.detail) }
            }
        }
        schedule(.readiness, at: reactor.now + ServerLimits.readinessPeriod)
    }

    private func announceReadiness(_ reason: String?) {
        for peer in peers where peer !== self { post(.readinessChanged(readiness.state), to: peer.index) }
        if let reason {
            log.warning("not ready", metadata: ["reason": "\(reason)"])
        } else {
            log.notice("ready again")
        }
    }

    /// `GET /readyz`. O(1): no query and no line of the log, as anyone may ask, and as often as they like.
    func readinessAnswer() -> Response {
        guard !isDraining else { return Response(APIError.draining) }
        // Known without asking, and logged when they change: a takeover, and the lock of PostgreSQL.
        guard isStoreOpen else { return Response(APIError.storeInUse) }
        switch nodeLock?.status {
        case .held, nil: break
        case .taken: return Response(APIError.storeInUse)
        case .unknown: return Response(APIError(StorageError(.unavailable, detail: "")))
        }
        switch readiness.state {
        case .ready: return Response(body: Array("{\"status\":\"ready\"}".utf8))
        case .failed(let kind): return Response(APIError(StorageError(kind, detail: "")))
        case .unanswered: return Response(APIError(StorageError(.unavailable, detail: "")))
        }
    }

    /// The store of a server that takes over from another; nil for any other.
    var takeover: TakeoverStore? { store as? TakeoverStore }

    /// Whether the store is this server's: false while another server uses it.
    var isStoreOpen: Bool { takeover?.isOpen ?? true }

    // MARK: - Metrics

    /// Whether the metrics may be read: they name shops, so in production only from this machine and by trusted proxies,
    /// or by any client of the metrics listener.
    /// A request that a proxy forwards counts as its client's; one that names a client without being forwarded by a
    /// trusted proxy does not count as this machine's.
    func mayReadMetrics(_ request: Request) -> Bool {
        guard configuration.mode == .production, request.source.listener == .main else { return true }
        guard let peer = http[request.connection]?.address, let client = request.address else { return false }
        let isForwarded = ["X-Forwarded-For", "Forwarded", "X-Real-IP"].contains { name in
            HTTPField.Name(name).map { request.head.fields[$0] != nil } ?? false
        }
        let isTrusted = configuration.trustedProxies.contains(peer)
        if isForwarded, !isTrusted { return false }
        return client.isLoopback || configuration.trustedProxies.contains(client)
    }
}
