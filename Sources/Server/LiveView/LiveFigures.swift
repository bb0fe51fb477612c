import JSON

/// The document of `GET /admin/figures` as a client has it: `FiguresDocument` writes it. A number that a server of
/// another version does not send counts as 0.
struct LiveFigures: Hashable, Sendable {
    struct Shop: Hashable, Sendable {
        let id: String
        let streams: Double
        let delivered: Double
    }

    struct Reactor: Hashable, Sendable {
        let streams: Double
        let connections: Double
        let connectionsMax: Double
        let delivered: Double
        let totalSeconds: Double
        let busySeconds: Double
        /// In seconds.
        let lag: Histogram
        let pendingCommands: Double
        let trailing: Double
        let retainedBytes: Double
        let slowClosed: Double
    }

    /// The connections to PostgreSQL.
    struct Database: Hashable, Sendable {
        let connections: Double
        let ready: Double
        let pendingReads: Double
        let pendingWrites: Double
    }

    let version: String
    let mode: String
    let driver: String
    let readiness: String
    let startedAt: String
    let uptimeSeconds: Double
    /// The server's measuring clock.
    let clockSeconds: Double
    let cpuSeconds: Double
    let residentBytes: Double

    let streams: Double
    let shops: Double
    let trailing: Double
    let retainedBytes: Double
    let streamsRefused: Double
    let slowClosed: Double

    let published: Double
    let delivered: Double
    /// In seconds.
    let latency: Histogram

    let answered: Double
    let failed: Double
    let tokensRefused: Double

    let storeKind: String
    let stored: Double
    let commits: Double
    let waiting: Double
    let storeErrors: Double
    /// Calls that wait for a takeover; nil for a server without one.
    let takeoverWaiting: Double?
    /// Nil unless the store is PostgreSQL.
    let database: Database?

    /// Those with the most recent deliveries first.
    let busiestShops: [Shop]
    let reactors: [Reactor]

    /// Reads a document; nil when the bytes are none.
    init?(json: [UInt8]) {
        guard let value = try? JSONValue(json.span), let reactors = value["reactors"]?.asArray,
            let shops = value["shops"]?.asArray
        else { return nil }
        let document = Members(value)
        version = document.text("version")
        mode = document.text("mode")
        driver = document.text("driver")
        readiness = document.text("readiness")
        startedAt = document.text("started_at")
        uptimeSeconds = document.number("uptime_seconds")
        clockSeconds = document.number("clock_microseconds") / 1e6
        cpuSeconds = document.number("cpu_microseconds") / 1e6
        residentBytes = document.number("resident_bytes")
        let streams = document["streams"]
        self.streams = streams.number("open")
        self.shops = streams.number("shops")
        trailing = streams.number("trailing")
        retainedBytes = streams.number("retained_bytes")
        streamsRefused = streams.number("refused")
        slowClosed = streams.number("slow_closed")
        let messages = document["messages"]
        published = messages.number("published")
        delivered = messages.number("delivered")
        latency = messages["latency_microseconds"].histogram
        let requests = document["requests"]
        answered = requests.number("answered")
        failed = requests.number("failed")
        tokensRefused = requests.number("tokens_refused")
        let store = document["store"]
        storeKind = document.text("store_kind")
        stored = store.number("messages")
        commits = store.number("commits")
        waiting = store.number("waiting")
        storeErrors = store.number("errors")
        takeoverWaiting = store.value?["takeover_waiting"]?.asNumber
        let database = store["database"]
        self.database =
            if case .object? = database.value {
                Database(
                    connections: database.number("connections"), ready: database.number("ready"),
                    pendingReads: database.number("pending_reads"), pendingWrites: database.number("pending_writes"))
            } else {
                nil
            }
        busiestShops = shops.map { Shop(Members($0)) }
        self.reactors = reactors.map { Reactor(Members($0)) }
    }
}

extension LiveFigures.Shop {
    fileprivate init(_ members: Members) {
        id = members.text("id")
        streams = members.number("streams")
        delivered = members.number("delivered")
    }
}

extension LiveFigures.Reactor {
    fileprivate init(_ members: Members) {
        streams = members.number("streams")
        connections = members.number("connections")
        connectionsMax = members.number("connections_max")
        delivered = members.number("delivered")
        totalSeconds = members.number("total_microseconds") / 1e6
        busySeconds = members.number("busy_microseconds") / 1e6
        lag = members["lag_microseconds"].histogram
        pendingCommands = members.number("pending_commands")
        trailing = members.number("trailing")
        retainedBytes = members.number("retained_bytes")
        slowClosed = members.number("slow_closed")
    }
}

/// The members of a value that may be an object.
private struct Members {
    let value: JSONValue?

    init(_ value: JSONValue?) { self.value = value }

    subscript(_ key: String) -> Members { Members(value?[key]) }

    func number(_ key: String) -> Double { value?[key]?.asNumber ?? 0 }

    func text(_ key: String) -> String { value?[key]?.asText ?? "" }

    /// A histogram of microseconds, in seconds. Without values when it cannot be used.
    var histogram: Histogram {
        let bounds = (value?["bounds"]?.asArray ?? []).compactMap(\.asNumber).map { $0 / 1e6 }
        let counts = (value?["counts"]?.asArray ?? []).compactMap { $0.asNumber.flatMap { UInt64(exactly: $0) } }
        guard counts.count == bounds.count + 1 else { return Histogram(bounds: []) }
        return Histogram(bounds: bounds, counts: counts, sum: 0)
    }
}
