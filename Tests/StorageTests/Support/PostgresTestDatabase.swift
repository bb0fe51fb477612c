import FoundationEssentials
import Testing

@testable import Storage

/// A schema of its own in the PostgreSQL that `SHOPSTREAM_TEST_POSTGRES` names; `tools/postgres` starts one.
struct PostgresTestDatabase: Sendable {
    /// Where it is; nothing else is in its search path.
    let location: PostgresLocation

    private static let uri = ProcessInfo.processInfo.environment["SHOPSTREAM_TEST_POSTGRES"]
    /// Whether there is a PostgreSQL to test on.
    static var isThere: Bool { uri != nil }
    /// Why tests were skipped.
    static let skipped: Comment = "SHOPSTREAM_TEST_POSTGRES is not set: run `tools/postgres swift test`"

    /// Makes an empty schema, runs `body` on it, and drops it.
    static func withEmptyDatabase(_ body: (PostgresTestDatabase) async throws -> Void) async throws {
        let uri = try #require(uri)
        let name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let outside = try PostgresBlockingConnection(PostgresLocation(uri))
        try outside.execute("CREATE SCHEMA \(name)")
        let database = PostgresTestDatabase(
            location: try PostgresLocation(uri + "?options=-csearch_path%3D\(name)"))
        do {
            try await body(database)
        } catch {
            try outside.execute("DROP SCHEMA \(name) CASCADE")
            throw error
        }
        try outside.execute("DROP SCHEMA \(name) CASCADE")
    }

    /// The same with our tables.
    static func withDatabase(_ body: (PostgresTestDatabase) async throws -> Void) async throws {
        try await withEmptyDatabase { database in
            _ = try await PostgresMigrator.migrate(database.location)
            try await body(database)
        }
    }

    /// Opens a store on it, runs `body`, closes it.
    func withStore(
        _ configure: (inout PostgresConfiguration) -> Void = { _ in }, _ body: (PostgresStore) async throws -> Void
    ) async throws {
        var configuration = PostgresConfiguration(origin: UUID().uuidString)
        configuration.connectionCount = 2
        configure(&configuration)
        let store = try await PostgresStore.open(location, configuration: configuration)
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Another client of the database.
    func connection() throws -> PostgresBlockingConnection { try PostgresBlockingConnection(location) }
}
