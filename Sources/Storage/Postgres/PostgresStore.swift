import Primitives
import Synchronization

/// A store in PostgreSQL, on the connections of one loop.
///
/// Each reactor has a store of its own. Calls from that reactor do not change threads; a call from another thread is
/// moved to the loop and back. Writes of one shop take effect, and return, in the order in which they were made. A
/// write that failed as `.unavailable` may have been applied; its detail then says so.
public final class PostgresStore: Store {
    let loop: any SocketLoop
    let client: PostgresClient
    let statisticsTotal: PostgresStatistics
    let membershipLog = Mutex(MembershipLog())
    private let isClosed = Mutex(false)
    /// Whether other nodes write the same tables; the database then orders the changes of a shop.
    let isShared: Bool
    /// Where writes are recorded for the node's broker before they are sent. Their notifications may be lost, and the
    /// broker must not take the changes that it then reads for another writer's.
    let recent: RecentChanges?
    /// Whether the node may write; nil for a store that does not belong to a node.
    public let nodeLock: NodeLock?
    /// The loop, when the store owns it and must end it.
    private let ownLoop: ThreadSocketLoop?

    /// A store whose connections are started at once. Several stores may share `statistics`. On the loop's thread.
    public convenience init(
        _ location: PostgresLocation, configuration: PostgresConfiguration, loop: any SocketLoop,
        statistics: PostgresStatistics, recent: RecentChanges? = nil, nodeLock: NodeLock? = nil
    ) {
        self.init(location, configuration, loop, statistics, recent: recent, nodeLock: nodeLock, ownLoop: nil)
    }

    private init(
        _ location: PostgresLocation, _ configuration: PostgresConfiguration, _ loop: any SocketLoop,
        _ statistics: PostgresStatistics, recent: RecentChanges?, nodeLock: NodeLock?, ownLoop: ThreadSocketLoop?
    ) {
        precondition(loop.isCurrent, "a store is made on its loop's thread")
        self.loop = loop
        // When nodes share the database, the broker reports this node's changes too, in the order of the commits.
        self.recent = configuration.isShared ? nil : recent
        isShared = configuration.isShared
        self.nodeLock = nodeLock
        self.ownLoop = ownLoop
        statisticsTotal = statistics
        client = PostgresClient(
            loop: loop, location: location, configuration: configuration, statistics: statistics, nodeLock: nodeLock)
        client.start()
    }

    /// A store on a thread of its own, for commands, the start of a server, and tests; `close` ends the thread.
    ///
    /// Throws `.incompatible` unless the database is migrated, `.unavailable` when it cannot be reached.
    public static func open(
        _ location: PostgresLocation, configuration: PostgresConfiguration
    ) async throws(StorageError) -> PostgresStore {
        let missing = try await PostgresMigrator.pending(at: location).count
        if missing > 0 {
            throw StorageError(
                .incompatible, detail: "\(missing) migration steps are missing: run `shopstream migrate`")
        }
        var configuration = configuration
        configuration.shape = try await PostgresMigrator.shape(at: location)
        let loop = ThreadSocketLoop()
        return await withCheckedContinuation { continuation in
            loop.execute { [configuration] in
                continuation.resume(
                    returning: PostgresStore(
                        location, configuration, loop, PostgresStatistics(), recent: nil, nodeLock: nil, ownLoop: loop))
            }
        }
    }

    /// See `MessageStore`. Covers all stores that share the counters.
    public var statistics: StoreStatistics { statisticsTotal.current }

    /// The state of its connections. On the loop's thread.
    public var poolStatistics: PostgresPoolStatistics { client.poolStatistics }

    /// See `MessageStore`.
    public func close() async {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        await withCheckedContinuation { continuation in
            loop.execute { [client] in client.close(continuation) }
        }
        ownLoop?.stop()
    }

    /// Closes the connections at once. Pending requests fail. On the loop's thread, when the loop ends.
    public func abort() {
        isClosed.withLock { $0 = true }
        client.abort()
    }

    /// See `MessageStore`. Throws for a standby, which cannot write.
    public func ping() async throws(StorageError) {
        let result = try await read(.ping, [])
        if result.boolean(0, 0) != false { throw StorageError(.unavailable, detail: "the database is read-only") }
    }

    // MARK: - Requests

    /// Runs a statement that changes nothing.
    func read(_ statement: PostgresStatement, _ parameters: [PostgresValue]) async throws(StorageError)
        -> PostgresResult
    {
        try await run(PostgresWork(statement: statement, parameters: parameters), .read, key: 0).result
    }

    /// Runs a statement in a transaction of its own, in order with the other writes of the key.
    func write(
        _ statement: PostgresStatement, _ parameters: [PostgresValue], key: UInt64, isRepeatable: Bool
    ) async throws(StorageError) -> PostgresResult {
        let work = PostgresWork(statement: statement, parameters: parameters)
        return try await run(work, .write(isRepeatable: isRepeatable), key: key).result
    }

    func run(
        _ work: PostgresWork, _ kind: PoolRequest.Kind, key: UInt64
    ) async throws(StorageError) -> [PostgresResult] {
        if isClosed.withLock({ $0 }) { throw StorageError(.unavailable, detail: "closed") }
        let outcome = await withCheckedContinuation { continuation in
            loop.execute { [client] in client.submit(work, kind, key: key, continuation) }
        }
        return try outcome.get()
    }
}

extension [PostgresResult] {
    /// The result of the request's statement.
    fileprivate var result: PostgresResult {
        get throws(StorageError) {
            guard let first else { throw StorageError(.unexpected, detail: "no result") }
            return first
        }
    }
}
