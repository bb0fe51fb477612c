import API
import Auth
import Broker
import Hub
import Primitives
import Reactor
import Sessions
import Storage

/// The figures that health responses need.
struct ServerTotals: Sendable {
    let openStreams: Int
    let openShops: Int
}

extension Shard {
    /// Copies this shard's figures; on its own reactor.
    private func snapshot() -> ShardSnapshot {
        var snapshot = ShardSnapshot()
        snapshot.counters = counters
        snapshot.reactor = reactor.statistics
        snapshot.openShopCount = hub.shopCount
        snapshot.connectionCount = reactor.connectionCount
        snapshot.trailingSubscriberCount = hub.trailingCount
        snapshot.retainedByteCount = hub.retainedByteCount
        snapshot.responseByteCount = http.responseBytes.used
        snapshot.pool = (storage.store as? PostgresStore)?.poolStatistics
        snapshot.broker = storage.broker.statistics
        snapshot.deliveredFrameCount = hub.deliveredFrameCount
        snapshot.topShops = hub.topShops(countMax: ServerLimits.metricsShopCountMax).map {
            ($0.shop, $0.subscriberCount)
        }
        snapshot.forgottenTooEarlyCount =
            userLimits.evictionCount + addressLimits.evictionCount + authenticator.cacheStatistics.evictionCount
        return snapshot
    }

    private func snapshots() async -> [ShardSnapshot] {
        var snapshots: [ShardSnapshot] = []
        for shard in directory.members { snapshots.append(await onShard(shard) { $0.snapshot() }) }
        return snapshots
    }

    func totals() async -> ServerTotals {
        let snapshots = await snapshots()
        return ServerTotals(
            openStreams: snapshots.reduce(0) { $0 + $1.counters.openStreams },
            openShops: snapshots.reduce(0) { $0 + $1.openShopCount })
    }

    /// `GET /metrics`
    func metrics() async -> Response {
        let figures = ServerFigures(
            shards: await snapshots(), store: storage.store.statistics,
            takeoverWaitingCallCount: storage.takeover?.waitingCallCount, keys: authenticator.reloadStatistics,
            process: ProcessFigures(), log: LogWriter.standardError.statistics, startedAt: environment.startedAt)
        return Response(
            contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(Metric.text(figures).utf8))
    }
}
