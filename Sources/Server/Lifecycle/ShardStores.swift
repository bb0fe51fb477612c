import Broker
import FoundationEssentials
import Logging
import Primitives
import Reactor
import Storage

/// The stores and brokers of the shards. The store is one for all, or with PostgreSQL one for each reactor, made on the
/// reactor itself.
struct ShardStores: Sendable {
    /// The store of the start and the stop. It is also the shards' store, unless each reactor has its own.
    let common: any Store
    private let postgres: Postgres?

    private struct Postgres: Sendable {
        let location: PostgresLocation
        let configuration: PostgresConfiguration
        let statistics = PostgresStatistics()
        let recent = RecentChanges()
        let nodeLock = NodeLock()
        /// The database's time when the server started. Changes before it are not published.
        let start: Timestamp
    }

    /// Whether this node may write; nil for a store that needs no such lock. For readiness and metrics.
    var nodeLock: NodeLock? { postgres?.nodeLock }

    /// Waits until this node may write, at most as long as a start waits for a node that is ending.
    func waitForNodeLock() async throws(StorageError) {
        guard let nodeLock else { return }
        for _ in 0..<ServerLimits.nodeLockWaitRounds {
            if nodeLock.isHeld { return }
            try? await Task.sleep(for: ServerLimits.nodeLockWaitPause)
        }
        throw nodeLock.status == .taken
            ? StorageError(.busy, detail: Self.takenReason)
            : StorageError(.unavailable, detail: "its listener does not connect")
    }

    private static let takenReason =
        "another server uses the database: end it, or set SHOPSTREAM_POSTGRES_SHARED=true for each"

    /// The lock of a SQLite file; nil for other stores, and for a `TakeoverStore`, which holds the lock itself.
    let lock: StoreLock?

    /// Opens a SQLite file under its lock. A file that another server uses is refused, as neither would receive the
    /// other's messages. With a takeover it is opened when that server has ended.
    private static func open(
        sqlite path: String, _ configuration: ServerConfiguration, _ log: Logger,
        _ prepare: @escaping TakeoverStore.Preparation
    ) async throws(StorageError) -> (any Store, StoreLock?) {
        switch try StoreLock.take(of: path) {
        case .taken(let lock):
            let store = try await SQLiteStore.open(path: path)
            try await prepare(store)
            return (store, lock)
        case .held(let holder):
            guard configuration.isTakeover else {
                let reason = "\(Self.name(ofHolder: holder)) uses the file"
                throw StorageError(.busy, detail: "\(reason): end it, or start with --takeover to follow it")
            }
            return (TakeoverStore(path: path, prepare: prepare) { Self.log($0, log) }, nil)
        }
    }

    private static func name(ofHolder holder: Int32?) -> String { holder.map { "process \($0)" } ?? "another process" }

    private static func log(_ report: TakeoverReport, _ log: Logger) {
        switch report {
        case .held(let holder):
            log.warning(
                "until the other server ends, requests wait for the store and this server is not ready",
                metadata: ["reason": "\(name(ofHolder: holder)) uses the file"])
        case .released: log.notice("the other server has released the store: it is being opened")
        case .opened: log.notice("the store is open")
        case .failed(let error):
            log.error("the store cannot be opened yet: trying again", metadata: ["reason": "\(error)"])
        }
    }

    /// Whether each reactor has a store of its own, so that the common one serves the start alone.
    var arePerReactor: Bool { postgres != nil }

    /// Opens the store and prepares it, and determines how many connections each reactor may have.
    init(
        _ configuration: ServerConfiguration, _ log: Logger, prepare: @escaping TakeoverStore.Preparation
    ) async throws(StorageError) {
        if case .sqlite(let path) = configuration.store {
            (common, lock) = try await Self.open(sqlite: path, configuration, log, prepare)
            postgres = nil
            return
        }
        (common, lock) = (try await configuration.store.open(), nil)
        guard case .postgres(let location) = configuration.store else {
            postgres = nil
            try await prepare(common)
            return
        }
        var settings = PostgresConfiguration(origin: "shopstream-\(UUID().uuidString.lowercased())")
        let wanted = configuration.postgresConnectionCount ?? 2 * configuration.reactorCount
        settings.isShared = configuration.isPostgresShared
        settings.shape = try await PostgresMigrator.shape(at: location)
        let server = try await Self.server(at: location, configuration, log)
        // Half of the server's connections are left to other nodes and services, but each reactor needs one.
        settings.connectionCount = max(1, min(wanted, server.connectionCountMax / 2) / configuration.reactorCount)
        let count = settings.connectionCount * configuration.reactorCount
        if let explicit = configuration.postgresConnectionCount, explicit != count {
            log.warning(
                "SHOPSTREAM_POSTGRES_CONNECTIONS is not kept: each reactor has as many, and half of the server's are left",
                metadata: [
                    "wanted": "\(explicit)", "used": "\(count)", "reactors": "\(configuration.reactorCount)",
                    "server": "\(server.connectionCountMax)",
                ])
        }
        postgres = Postgres(location: location, configuration: settings, start: server.now)
        try await prepare(common)
    }

    /// Queries the database server. A node that has just ended may still seem to use it, so this waits. A node that
    /// keeps running is an error, unless it is to be taken over from.
    private static func server(
        at location: PostgresLocation, _ configuration: ServerConfiguration, _ log: Logger
    ) async throws(StorageError) -> (connectionCountMax: Int, now: Timestamp, isTaken: Bool) {
        var server = try await PostgresMigrator.server(at: location, isShared: configuration.isPostgresShared)
        for _ in 0..<ServerLimits.nodeWaitRounds where server.isTaken && !configuration.isTakeover {
            try? await Task.sleep(for: ServerLimits.nodeWaitPause)
            server = try await PostgresMigrator.server(at: location, isShared: configuration.isPostgresShared)
        }
        if server.isTaken {
            guard configuration.isTakeover else { throw StorageError(.busy, detail: takenReason) }
            log.warning(
                "until the other server ends, this one writes nothing and is not ready",
                metadata: ["reason": "\(takenReason)"])
        }
        return server
    }

    /// Makes the store of a reactor, on its thread. A store with connections of its own runs them on the loop.
    func makeStore(on loop: any SocketLoop) -> any Store {
        guard let postgres else { return common }
        return PostgresStore(
            postgres.location, configuration: postgres.configuration, loop: loop, statistics: postgres.statistics,
            recent: postgres.recent, nodeLock: postgres.nodeLock)
    }

    /// Makes the broker of a reactor, on its thread. Only in PostgreSQL do others write messages too.
    func makeBroker(on loop: any SocketLoop) -> any Broker {
        guard let postgres else { return LocalBroker() }
        return PostgresBroker(
            postgres.location, configuration: postgres.configuration, loop: loop, recent: postgres.recent,
            start: postgres.start, nodeLock: postgres.nodeLock)
    }

    /// Ends a reactor's store and broker after the reactor's last turn, on its thread.
    static func end<IO: Driver>(_ shard: Shard<IO>) {
        shard.storage.socketLoop.end()
        shard.storage.broker.end()
        (shard.storage.store as? PostgresStore)?.abort()
    }
}
