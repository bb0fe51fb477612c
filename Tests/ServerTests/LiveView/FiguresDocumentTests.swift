import API
import Auth
import Hub
import JSON
import Primitives
import Reactor
import Sessions
import Testing

@testable import Server
@testable import Storage

/// The document, as the server writes it and a client reads it.
@Suite struct FiguresDocumentTests {
    private func document(
        _ shards: [ShardSnapshot], store: StoreStatistics = StoreStatistics(), takeoverWaitingCallCount: Int? = nil,
        readiness: Readiness = .ready, environment: [String: String] = [:]
    ) throws -> [UInt8] {
        let figures = ServerFigures(
            shards: shards, store: store, takeoverWaitingCallCount: takeoverWaitingCallCount, keys: nil,
            certificates: nil, traces: nil, settingReloads: [], process: ProcessFigures(),
            log: LogWriter.Statistics(), startedAt: Timestamp(microsecondsSinceEpoch: 1_000_000), readiness: readiness)
        return FiguresDocument.json(
            figures, ServerFacts(try ServerConfiguration(environment: environment), driver: .epoll),
            at: MonotonicInstant(nanoseconds: 5_000_000_000), Timestamp(microsecondsSinceEpoch: 63_900_000))
    }

    private func read(_ json: [UInt8]) throws -> LiveFigures { try #require(LiveFigures(json: json)) }

    private var shard: ShardSnapshot {
        var shard = ShardSnapshot()
        shard.counters.openStreams = 3
        shard.counters.broadcasts = 7
        shard.counters.responsesByStatus = [200: 10, 404: 2, 500: 1, 503: 4]
        shard.counters.authFailures = [.expired: 2, .missing: 1]
        shard.counters.upgradeFailures = [401: 5]
        shard.counters.storageErrors = [.busy: 6]
        shard.counters.disconnects = [.slowConsumer: 8, .writeTimeout: 1, .clientClosed: 9]
        shard.counters.broadcastMilliseconds.observe(0.2)
        shard.counters.broadcastMilliseconds.observe(5_000)
        shard.openShopCount = 2
        shard.connectionCount = 4
        shard.connectionCountMax = 512
        shard.pendingCommandCount = 5
        shard.trailingSubscriberCount = 1
        shard.retainedByteCount = 600
        shard.deliveredFrameCount = 21
        shard.busiestShops = [Self.shop("bakery", recent: 9, streams: 2, delivered: 18)]
        return shard
    }

    private static func shop(_ id: String, recent: UInt64, streams: Int, delivered: UInt64) -> BusyShop {
        BusyShop(
            shop: ShopID(id), busyness: Busyness(recentDeliveries: recent, subscriberCount: streams),
            deliveredFrameCount: delivered)
    }

    @Test func `what the server writes is what a client reads, added up over the reactors`() throws {
        var store = StoreStatistics()
        (store.storedCount, store.commitCount, store.waitingMessageCount) = (11, 12, 13)
        let figures = try read(try document([shard, shard], store: store))
        #expect(figures.version == Version.number && figures.mode == "development" && figures.driver == "epoll")
        #expect(figures.readiness == "ready" && figures.storeKind == "sqlite")
        #expect(figures.startedAt == "1970-01-01T00:00:01.000000Z" && figures.uptimeSeconds == 62)
        #expect(figures.clockSeconds == 5 && figures.cpuSeconds > 0 && figures.residentBytes > 0)
        #expect(figures.streams == 6 && figures.shops == 4 && figures.trailing == 2 && figures.retainedBytes == 1_200)
        #expect(figures.published == 14 && figures.delivered == 42)
        #expect(figures.answered == 34 && figures.failed == 10)
        #expect(figures.tokensRefused == 6 && figures.streamsRefused == 10 && figures.slowClosed == 18)
        #expect(figures.stored == 11 && figures.commits == 12 && figures.waiting == 13 && figures.storeErrors == 12)
        #expect(figures.takeoverWaiting == nil && figures.database == nil)
        #expect(figures.busiestShops.first == .init(id: "bakery", streams: 2, delivered: 18))
        #expect(figures.reactors.count == 2)
        let reactor = figures.reactors[1]
        #expect(reactor.streams == 3 && reactor.connections == 4 && reactor.connectionsMax == 512)
        #expect(reactor.delivered == 21 && reactor.pendingCommands == 5 && reactor.slowClosed == 9)
        #expect(reactor.trailing == 1 && reactor.retainedBytes == 600)
        #expect(reactor.lag.bounds == LoopLag.bounds.map { ($0 * 1e6).rounded() / 1e6 })
    }

    @Test func `the busiest shops of all reactors have the most recent deliveries, then the most streams`() throws {
        var (first, second) = (ShardSnapshot(), ShardSnapshot())
        first.busiestShops = [
            Self.shop("a\"<b>", recent: 8, streams: 1, delivered: 900),
            Self.shop("z", recent: 0, streams: 7, delivered: 9),
            Self.shop("d", recent: 0, streams: 1, delivered: 0),
        ]
        second.busiestShops = [
            Self.shop("bakery", recent: 9, streams: 2, delivered: 18),
            Self.shop("c", recent: 0, streams: 7, delivered: 1),
        ]
        let figures = try read(try document([first, second]))
        #expect(figures.busiestShops.map(\.id) == ["bakery", "a\"<b>", "c", "z", "d"])
        #expect(figures.busiestShops.map(\.delivered) == [18, 900, 1, 9, 0])
        first.busiestShops = (0..<20).map { Self.shop("\($0)", recent: 5, streams: 1, delivered: 1) }
        let many = try read(try document([first, second]))
        #expect(many.busiestShops.count == 20 && many.busiestShops.first?.id == "bakery")
    }

    @Test func `the latency has whole bounds in microseconds and counts up to each`() throws {
        let json = try document([shard])
        let value = try JSONValue(json.span)
        let latency = try #require(value["messages"]?["latency_microseconds"])
        let bounds = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000]
        #expect(latency["bounds"]?.asArray?.compactMap(\.asNumber) == bounds.map(Double.init))
        #expect(latency["counts"]?.asArray?.compactMap(\.asNumber) == [0, 0, 1] + Array(repeating: 0, count: 10) + [1])
    }

    @Test func `a database and a takeover are in the document where there are such`() throws {
        var shard = shard
        shard.pool = PostgresPoolStatistics(
            connectionCount: 2, readyConnectionCount: 1, lostConnectionCount: 0, pendingReadCount: 3,
            pendingWriteCount: 4)
        let figures = try read(try document([shard, shard], takeoverWaitingCallCount: 0))
        #expect(figures.takeoverWaiting == 0)
        #expect(figures.database == .init(connections: 4, ready: 2, pendingReads: 6, pendingWrites: 8))
    }

    @Test(arguments: [
        (Readiness.draining, "draining"), (.storeInUse, "store_in_use"), (.failed(.unavailable), "storage_unavailable"),
    ])
    func `a server that is not ready says why`(readiness: Readiness, label: String) throws {
        #expect(try read(try document([], readiness: readiness)).readiness == label)
    }

    @Test(arguments: ["", "[]", "{}", #"{"reactors":[]}"#, #"{"reactors":{},"shops":[]}"#])
    func `what is no document is refused`(text: String) {
        #expect(LiveFigures(json: Array(text.utf8)) == nil)
    }

    @Test func `a document of another version has zeros for what it lacks`() throws {
        let text = #"{"reactors":[{"streams":2,"more":[]}],"shops":[{}],"streams":{"open":"3"},"more":1}"#
        let figures = try read(Array(text.utf8))
        #expect(figures.streams == 0 && figures.version.isEmpty && figures.latency.quantile(0.5) == nil)
        #expect(figures.reactors.map(\.streams) == [2])
        #expect(figures.busiestShops == [.init(id: "", streams: 0, delivered: 0)])
    }
}
