import API
import Broker
import Hub
import Primitives
import Reactor
import Storage

/// A shard's figures at one moment.
struct ShardSnapshot: Sendable {
    var counters = ShardCounters()
    var reactor = ReactorStatistics()
    var openShopCount = 0
    var connectionCount = 0
    var connectionCountMax = 0
    var pendingCommandCount = 0
    var trailingSubscriberCount = 0
    var retainedByteCount = 0
    var deliveredFrameCount: UInt64 = 0
    /// The fewest receive buffers that were free so far.
    var freeReceiveBufferCountMin = 0
    /// Of the last one to two minutes.
    var longestTurnNanoseconds: UInt64 = 0
    /// The shops with the most streams.
    var topShops: [(shop: ShopID, streams: Int)] = []
    /// The shops with the most recent deliveries.
    var busiestShops: [BusyShop] = []
    var forgottenTooEarlyCount = 0
    var responseByteCount = 0
    var handshakeCount = 0
    /// Nil unless the store is PostgreSQL.
    var pool: PostgresPoolStatistics?
    /// Nil except for the shard whose broker receives for the node.
    var broker: BrokerStatistics?
}

/// The input of the metrics: the figures of all shards, of the store and of the process at one moment.
struct ServerFigures: Sendable {
    let shards: [ShardSnapshot]
    let store: StoreStatistics
    /// Calls that wait for a takeover; nil for a server without one.
    let takeoverWaitingCallCount: Int?
    /// Nil unless the keys come from a file or a URL.
    let keys: KeyReloader.Statistics?
    /// Nil without TLS.
    let certificates: ServerCertificates.Statistics?
    /// Nil unless traces are exported.
    let traces: SpanQueue.Statistics?
    /// Reads of the settings after the start, by result.
    let settingReloads: [(String, Double)]
    let process: ProcessFigures
    let log: LogWriter.Statistics
    let startedAt: Timestamp
    let readiness: Readiness

    /// Whether `/readyz` is answered with 200.
    var isReady: Bool { readiness == .ready }

    /// The sum of a figure over all shards.
    func sum(_ value: (ShardSnapshot) -> some BinaryInteger) -> Double {
        shards.reduce(0) { $0 + Double(value($1)) }
    }

    /// The sums of counts by a key over all shards, by the text of the key.
    func sums<Key: Hashable>(
        _ text: (Key) -> String, _ counts: (ShardCounters) -> [Key: UInt64]
    ) -> [(String, Double)] {
        let merged = shards.reduce(into: [:]) { $0.merge(counts($1.counters), uniquingKeysWith: +) }
        return merged.map { (text($0.key), Double($0.value)) }
    }

    /// The same, with 0 for the known keys that were not counted yet: `rate()` then sees the first event of each.
    func sums<Key: Hashable>(
        _ text: (Key) -> String, of known: some Sequence<Key>, _ counts: (ShardCounters) -> [Key: UInt64]
    ) -> [(String, Double)] {
        sums(text) { counters in counts(counters).merging(known.lazy.map { ($0, 0) }) { counted, _ in counted } }
    }

    /// The sum of a histogram over all shards.
    func histogram(_ value: (ShardCounters) -> Histogram) -> Histogram? {
        guard let first = shards.first else { return nil }
        return shards.dropFirst().reduce(into: value(first.counters)) { $0.add(value($1.counters)) }
    }

    /// The turns of all reactors.
    var loopLag: Histogram? {
        guard !shards.isEmpty else { return nil }
        var sum = Histogram(bounds: LoopLag.bounds)
        for shard in shards {
            let lag = shard.reactor.loopLag
            sum.add(
                Histogram(bounds: LoopLag.bounds, counts: lag.counts, sum: Double(lag.totalNanoseconds) / 1e9))
        }
        return sum
    }

    /// A figure of each shard, by its index.
    func byReactor(_ value: (ShardSnapshot) -> Double) -> [(String, Double)] {
        shards.enumerated().map { (String($0.offset), value($0.element)) }
    }

    /// The seconds of each shard's phases, by its index.
    var byPhase: [(String, String, Double)] {
        shards.enumerated().flatMap { index, shard in
            ReactorPhase.allCases.map { (String(index), $0.rawValue, Double(shard.reactor.phases[$0]) / 1e9) }
        }
    }

    /// A figure of each shard's connections to PostgreSQL, by its index; nil with another store.
    func byPool(_ value: (PostgresPoolStatistics) -> Int) -> [(String, Double)]? {
        let rows = shards.enumerated().compactMap { index, shard in
            shard.pool.map { (String(index), Double(value($0))) }
        }
        return rows.isEmpty ? nil : rows
    }

    /// The broker that receives for the node; nil without one.
    var broker: BrokerStatistics? { shards.lazy.compactMap(\.broker).first }

    /// The shops with the most recent deliveries, then with the most streams, in descending order. One reactor has all
    /// streams of a shop.
    var busiestShops: ArraySlice<BusyShop> {
        shards.flatMap(\.busiestShops).sorted { left, right in
            left.busyness == right.busyness ? left.shop.text < right.shop.text : left.busyness > right.busyness
        }.prefix(ServerLimits.liveViewShopCountMax)
    }

    /// The open streams of the shops with the most.
    var topShops: [(String, Double)] {
        var counts: [ShopID: Int] = [:]
        for shard in shards { for (shop, count) in shard.topShops { counts[shop, default: 0] += count } }
        return counts.sorted { $0.value > $1.value }.prefix(ServerLimits.metricsShopCountMax).map {
            ($0.key.text, Double($0.value))
        }
    }
}
