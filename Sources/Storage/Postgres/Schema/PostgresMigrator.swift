import Primitives

/// Migrates a database to the current version, or lists the steps that this would take.
public enum PostgresMigrator {
    /// A migration step.
    public struct Step: Sendable, Hashable {
        /// Its number, from 1.
        public let number: Int
        /// What the step is for.
        public let title: String
        /// The step's SQL.
        public let sql: String
    }

    /// The steps that the database lacks. Changes nothing. Blocks, on a thread of its own.
    ///
    /// Throws `.incompatible` when a newer version has migrated the database.
    public static func pending(at location: PostgresLocation) async throws(StorageError) -> [Step] {
        try await run(location) { connection throws(StorageError) in try pending(connection) }
    }

    /// Applies the steps that the database lacks, in one transaction: all or none. When several processes migrate at
    /// once, one applies the steps and the others find them applied. Blocks, on a thread of its own.
    ///
    /// Throws `.incompatible` when existing tables do not suit.
    public static func migrate(_ location: PostgresLocation) async throws(StorageError) -> [Step] {
        try await run(location) { connection throws(StorageError) in
            try connection.execute("BEGIN")
            do throws(StorageError) {
                try connection.execute("SELECT pg_advisory_xact_lock(\(PostgresSchema.lockKey))")
                try checkPlace(connection)
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS shopstream_migrations (
                        number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
                    """)
                let steps = try pending(connection)
                for step in steps {
                    try connection.execute(step.sql)
                    try connection.execute("INSERT INTO shopstream_migrations (number) VALUES (\(step.number))")
                }
                try checkTables(connection)
                try connection.execute("COMMIT")
                return steps
            } catch {
                // The first error is the one to report. Closing the connection rolls back in any case.
                _ = try? connection.execute("ROLLBACK")
                throw error
            }
        }
    }

    /// The number of connections that the server has for ordinary users, its time, and whether another node uses the
    /// tables that is not compatible with this one: one of the two does not share them. Blocks, on a thread of its own.
    public static func server(
        at location: PostgresLocation, isShared: Bool
    ) async throws(StorageError) -> (connectionCountMax: Int, now: Timestamp, isTaken: Bool) {
        try await run(location) { connection throws(StorageError) in
            let rows = try connection.execute(
                """
                VALUES (current_setting('max_connections')::int8
                    - current_setting('superuser_reserved_connections')::int8),
                    ((extract(epoch FROM clock_timestamp()) * 1000000)::int8),
                    ((\(PostgresSchema.nodeLock(isShared: "\(isShared)")))::int::int8)
                """
            ).compactMap { Int64($0) }
            guard rows.count == 3 else { throw StorageError(.unexpected, detail: "no settings") }
            return (Int(rows[0]), Timestamp(microsecondsSinceEpoch: rows[1]), rows[2] == 0)
        }
    }

    /// The columns that the tables have. Blocks, on a thread of its own.
    public static func shape(at location: PostgresLocation) async throws(StorageError) -> PostgresTableShape {
        try await run(location) { connection throws(StorageError) in try PostgresTableShape(connection) }
    }

    private static func pending(_ connection: PostgresBlockingConnection) throws(StorageError) -> [Step] {
        let isNew = try connection.execute("SELECT to_regclass('shopstream_migrations') IS NULL").first == "t"
        let applied = isNew ? [] : try connection.execute("SELECT number FROM shopstream_migrations ORDER BY number")
        let numbers = Set(applied.compactMap { Int($0) })
        if let newest = numbers.max(), newest > PostgresSchema.migrations.count {
            throw StorageError(.incompatible, detail: "a newer version has migrated it to step \(newest)")
        }
        return PostgresSchema.migrations.filter { !numbers.contains($0.number) }
            .map { Step(number: $0.number, title: $0.title, sql: $0.sql) }
    }

    private static func run<Value: Sendable>(
        _ location: PostgresLocation,
        _ body: @escaping @Sendable (PostgresBlockingConnection) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let outcome = await BlockingWork.run { () -> Result<Value, StorageError> in
            do throws(StorageError) {
                return .success(try body(try PostgresBlockingConnection(location)))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
