import API
import Auth
import Broker
import HTTP
import HTTPTypes
import Hub
import Primitives
import Reactor
import Sessions
import Storage

extension Shard: MeasuredReactor {
    /// Copies this shard's figures; on its own reactor.
    func snapshot() -> ShardSnapshot {
        var snapshot = ShardSnapshot()
        snapshot.counters = counters
        snapshot.reactor = reactor.statistics
        snapshot.openShopCount = hub.shopCount
        snapshot.connectionCount = reactor.connectionCount
        snapshot.connectionCountMax = reactor.connectionCountMax
        snapshot.pendingCommandCount = reactor.pendingCommandCount
        snapshot.trailingSubscriberCount = hub.trailingCount
        snapshot.retainedByteCount = hub.retainedByteCount
        snapshot.freeReceiveBufferCountMin =
            reactor.limits.receiveBufferCount - reactor.statistics.heldReceiveBufferCountMax
        snapshot.longestTurnNanoseconds = reactor.statistics.loopLag.longestTurnNanoseconds(at: reactor.turnBeganAt)
        snapshot.handshakeCount = handshakes.count
        snapshot.responseByteCount = http.responseBytes.used
        snapshot.pool = (storage.store as? PostgresStore)?.poolStatistics
        snapshot.broker = storage.broker.statistics
        snapshot.deliveredFrameCount = hub.deliveredFrameCount
        snapshot.topShops = hub.topShops(countMax: ServerLimits.metricsShopCountMax).map {
            ($0.shop, $0.subscriberCount)
        }
        snapshot.busiestShops = hub.busiestShops(
            countMax: ServerLimits.liveViewShopCountMax, at: reactor.turnBeganAt)
        snapshot.forgottenTooEarlyCount =
            userLimits.evictionCount + addressLimits.evictionCount + authenticator.cacheStatistics.evictionCount
        return snapshot
    }

    var reactors: [Shard<IO>] { directory.members }

    func totals(of snapshots: [ShardSnapshot]) -> ServerTotals {
        ServerTotals(
            openStreams: snapshots.reduce(0) { $0 + $1.counters.openStreams },
            openShops: snapshots.reduce(0) { $0 + $1.openShopCount })
    }

    func metricsText(of snapshots: [ShardSnapshot]) -> [UInt8] { Array(Metric.text(figures(of: snapshots)).utf8) }

    func figuresJSON(of snapshots: [ShardSnapshot]) -> [UInt8] {
        FiguresDocument.json(
            figures(of: snapshots),
            ServerFacts(environment.configuration, driver: environment.driver), at: reactor.io.now, civilTime)
    }

    private func figures(of snapshots: [ShardSnapshot]) -> ServerFigures {
        ServerFigures(
            shards: snapshots, store: storage.store.statistics,
            takeoverWaitingCallCount: storage.takeover?.waitingCallCount, keys: authenticator.reloadStatistics,
            certificates: environment.certificates?.statistics,
            traces: environment.tracer?.queue.statistics, settingReloads: environment.reloads.byResult,
            process: ProcessFigures(), log: LogWriter.standardError.statistics, startedAt: environment.api.startedAt,
            readiness: readiness)
    }

    /// In production, only clients on this machine, trusted
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
