import FoundationEssentials
import Testing

@testable import Storage

/// A schema of its own in the PostgreSQL that `SHOPSTREAM_TEST_POSTGRES` names; `tools/postgres` starts one.
struct PostgresTestDatabase: Sendable {
    /// The database's location, with only this schema in its search path.
    let location: PostgresLocation
    /// The application name of its stores' sessions, and the schema's name.
    let applicationName: String

    private static let uri = ProcessInfo.processInfo.environment["SHOPSTREAM_TEST_POSTGRES"]
    /// Whether a PostgreSQL for tests is configured.
    static var isThere: Bool { uri != nil }
    /// Why tests were skipped.
    static let skipped: Comment = "SHOPSTREAM_TEST_POSTGRES is not set: run `tools/postgres swift test`"

    /// Makes an empty schema, runs `body` on it, and drops it.
    static func withEmptyDatabase(_ body: (PostgresTestDatabase) async throws -> Void) async throws {
        let uri = try #require(uri)
        let name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let outside = try await PostgresTestSession.open(PostgresLocation(uri))
        try await outside.execute("CREATE SCHEMA \(name)")
        let database = PostgresTestDatabase(
            location: try PostgresLocation(uri + "?options=-csearch_path%3D\(name)&application_name=\(name)"),
            applicationName: name)
        do {
            try await body(database)
        } catch {
            try await outside.execute("DROP SCHEMA \(name) CASCADE")
            throw error
        }
        try await outside.execute("DROP SCHEMA \(name) CASCADE")
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

    /// The same location, with another schema after its own in the search path.
    func location(alsoSeeing schema: String) throws -> PostgresLocation {
        let uri = try #require(Self.uri)
        return try PostgresLocation(uri + "?options=-csearch_path%3D\(applicationName)%2C\(schema)")
    }

    /// Another client of the database.
    func session() async throws -> PostgresTestSession { try await PostgresTestSession.open(location) }
}

/// A client that blocks no thread of the tests. One call at a time.
final class PostgresTestSession: @unchecked Sendable {
    // @unchecked: the calls follow one another.
    private let connection: PostgresBlockingConnection

    private init(_ connection: PostgresBlockingConnection) { self.connection = connection }

    static func open(_ location: PostgresLocation) async throws -> PostgresTestSession {
        try await BlockingWork.run {
            Result { PostgresTestSession(try PostgresBlockingConnection(location)) }
        }.get()
    }

    /// Runs statements; returns the first column of the last one's rows.
    @discardableResult
    func execute(_ sql: String) async throws -> [String] {
        try await BlockingWork.run { [self] in Result { try connection.execute(sql) } }.get()
    }
}
