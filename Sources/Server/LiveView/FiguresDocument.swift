import API
import Hub
import JSON
import Primitives
import Reactor
import Sessions
import Storage

/// What of a server does not change while it runs.
struct ServerFacts: Sendable {
    let version: String
    let mode: String
    let store: String
    let driver: String

    init(_ configuration: ServerConfiguration, driver: DriverChoice?) {
        version = Version.number
        mode = configuration.mode.rawValue
        store =
            switch configuration.store {
            case .sqlite: "sqlite"
            case .postgres: "postgres"
            case .memory: "memory"
            }
        self.driver = driver?.rawValue ?? "virtual"
    }
}

/// The document of `GET /admin/figures`: counters that only grow, and gauges.
///
/// Clients make rates of two documents, by the difference of their clocks. All numbers are whole; a name says the unit.
/// OpenAPI/openapi.json describes the members.
struct FiguresDocument {
    private var writer = JSONWriter()
    /// Whether a member or an element precedes the next one.
    private var isContinued = false

    /// - Parameter now: The measuring clock, which never goes back while the server runs.
    static func json(
        _ figures: ServerFigures, _ facts: ServerFacts, at now: MonotonicInstant, _ civilTime: Timestamp
    ) -> [UInt8] {
        var document = FiguresDocument()
        document.braces { document in
            document.server(figures, facts, at: now, civilTime)
            document.object("streams") { $0.streams(figures) }
            document.object("messages") { $0.messages(figures) }
            document.object("requests") { $0.requests(figures) }
            document.object("store") { $0.store(figures) }
            document.array("shops", figures.busiestShops) { document, shop in
                document.text("id", shop.shop.text)
                document.number("streams", shop.busyness.subscriberCount)
                document.number("delivered", shop.deliveredFrameCount)
            }
            document.array("reactors", figures.shards) { $0.reactor($1) }
        }
        return document.writer.bytes
    }

    // MARK: - The members

    private mutating func server(
        _ figures: ServerFigures, _ facts: ServerFacts, at now: MonotonicInstant, _ civilTime: Timestamp
    ) {
        text("version", facts.version)
        text("mode", facts.mode)
        text("driver", facts.driver)
        text("readiness", figures.readiness.label)
        key("started_at")
        writer.time(figures.startedAt)
        let uptime = civilTime.microsecondsSinceEpoch - figures.startedAt.microsecondsSinceEpoch
        number("uptime_seconds", max(0, uptime) / 1_000_000)
        number("clock_microseconds", now.nanoseconds / 1_000)
        number("cpu_microseconds", Int(figures.process.cpuSeconds * 1e6))
        number("resident_bytes", figures.process.residentByteCount)
        text("store_kind", facts.store)
    }

    private mutating func streams(_ figures: ServerFigures) {
        number("open", Int(figures.sum(\.counters.openStreams)))
        number("shops", Int(figures.sum(\.openShopCount)))
        number("trailing", Int(figures.sum(\.trailingSubscriberCount)))
        number("retained_bytes", Int(figures.sum(\.retainedByteCount)))
        number("refused", figures.count(\.upgradeFailures))
        number("slow_closed", figures.shards.reduce(0) { $0 + $1.counters.slowCloseCount })
    }

    private mutating func messages(_ figures: ServerFigures) {
        number("published", Int(figures.sum(\.counters.broadcasts)))
        number("delivered", Int(figures.sum(\.deliveredFrameCount)))
        let latency = figures.histogram(\.broadcastMilliseconds) ?? ShardCounters().broadcastMilliseconds
        histogram("latency_microseconds", latency, scaledBy: 1e3)
    }

    private mutating func requests(_ figures: ServerFigures) {
        number("answered", figures.count(\.responsesByStatus))
        number("failed", figures.count { $0.responsesByStatus.filter { $0.key >= 500 } })
        number("tokens_refused", figures.count(\.authFailures))
    }

    private mutating func store(_ figures: ServerFigures) {
        number("messages", figures.store.storedCount)
        number("commits", figures.store.commitCount)
        number("waiting", figures.store.waitingMessageCount)
        number("errors", figures.count(\.storageErrors))
        key("takeover_waiting")
        if let count = figures.takeoverWaitingCallCount { writer.number(count) } else { writer.raw("null") }
        let pools = figures.shards.compactMap(\.pool)
        guard !pools.isEmpty else {
            key("database")
            return writer.raw("null")
        }
        object("database") { document in
            document.number("connections", pools.reduce(0) { $0 + $1.connectionCount })
            document.number("ready", pools.reduce(0) { $0 + $1.readyConnectionCount })
            document.number("pending_reads", pools.reduce(0) { $0 + $1.pendingReadCount })
            document.number("pending_writes", pools.reduce(0) { $0 + $1.pendingWriteCount })
        }
    }

    private mutating func reactor(_ shard: ShardSnapshot) {
        number("streams", shard.counters.openStreams)
        number("connections", shard.connectionCount)
        number("connections_max", shard.connectionCountMax)
        number("delivered", shard.deliveredFrameCount)
        let phases = shard.reactor.phases
        let total = ReactorPhase.allCases.reduce(0) { $0 + phases[$1] }
        number("total_microseconds", total / 1_000)
        number("busy_microseconds", (total - phases[.wait]) / 1_000)
        let lag = shard.reactor.loopLag
        histogram("lag_microseconds", Histogram(bounds: LoopLag.bounds, counts: lag.counts, sum: 0), scaledBy: 1e6)
        number("pending_commands", shard.pendingCommandCount)
        number("trailing", shard.trailingSubscriberCount)
        number("retained_bytes", shard.retainedByteCount)
        number("slow_closed", shard.counters.slowCloseCount)
    }

    // MARK: - JSON

    private mutating func key(_ name: StaticString) {
        if isContinued { writer.raw(",") }
        writer.raw("\"")
        writer.raw(name)
        writer.raw("\":")
        isContinued = true
    }

    private mutating func number(_ name: StaticString, _ value: some BinaryInteger) {
        key(name)
        writer.number(Int(clamping: value))
    }

    private mutating func text(_ name: StaticString, _ value: String) {
        key(name)
        writer.string(value)
    }

    private mutating func braces(_ body: (inout FiguresDocument) -> Void) {
        writer.raw("{")
        isContinued = false
        body(&self)
        writer.raw("}")
        isContinued = true
    }

    private mutating func object(_ name: StaticString, _ body: (inout FiguresDocument) -> Void) {
        key(name)
        braces(body)
    }

    private mutating func array<Element>(
        _ name: StaticString, _ elements: some Collection<Element>, _ body: (inout FiguresDocument, Element) -> Void
    ) {
        key(name)
        writer.raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { writer.raw(",") }
            braces { body(&$0, element) }
        }
        writer.raw("]")
    }

    /// Counts by whole bounds; one count more than there are bounds.
    private mutating func histogram(_ name: StaticString, _ histogram: Histogram, scaledBy factor: Double) {
        object(name) { document in
            document.numbers("bounds", histogram.bounds.map { Int(($0 * factor).rounded()) })
            document.numbers("counts", histogram.counts.map { Int(clamping: $0) })
        }
    }

    private mutating func numbers(_ name: StaticString, _ values: [Int]) {
        key(name)
        writer.raw("[")
        for (index, value) in values.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.number(value)
        }
        writer.raw("]")
    }
}

extension ServerFigures {
    /// The sum of counts over all their keys and all shards.
    fileprivate func count<Key>(_ counts: (ShardCounters) -> [Key: UInt64]) -> UInt64 {
        shards.reduce(0) { sum, shard in counts(shard.counters).values.reduce(sum, +) }
    }
}

extension ShardCounters {
    /// Streams that were closed as their clients were too slow: over their limit of pending messages, or without taking
    /// a byte within the write wait.
    var slowCloseCount: UInt64 { disconnects[.slowConsumer, default: 0] + disconnects[.writeTimeout, default: 0] }
}
