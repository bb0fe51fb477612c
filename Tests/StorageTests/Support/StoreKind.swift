import Chat
import FoundationEssentials
import GRDB
import Primitives
import Testing

@testable import Storage

/// The stores that the conformance suites run on.
enum StoreKind: CaseIterable, Sendable {
    case memory
    case sqlite
    case postgres

    /// PostgreSQL only where one is configured, see `PostgresTestDatabase`.
    static var allCases: [StoreKind] { PostgresTestDatabase.isThere ? [.memory, .sqlite, .postgres] : embedded }
    /// Those whose log of changed memberships has exact positions and a bounded count.
    static let embedded: [StoreKind] = [.memory, .sqlite]

    /// Opens a fresh store, runs `body` on it, closes it and removes what it left.
    func withStore(_ body: (any Store) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(MemoryStore())
        case .sqlite:
            try await withTemporaryDirectory { directory in
                let store = try await SQLiteStore.open(path: directory + "/test.db")
                do {
                    try await body(store)
                } catch {
                    await store.close()
                    throw error
                }
                await store.close()
            }
        case .postgres:
            try await PostgresTestDatabase.withDatabase { database in
                try await database.withStore { store in try await body(store) }
            }
        }
    }
}

/// Runs `body` with a new directory, and removes that afterwards.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "storage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

/// The kind of storage error that `body` throws; records an issue when it throws none.
func storageError<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Value
) async -> StorageError.Kind? {
    do {
        _ = try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as StorageError {
        return error.kind
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

extension Message {
    /// A message numbered `number`, written at that microsecond.
    static func numbered(_ number: Int, shop: String = "shop", text: String? = nil) -> Message {
        Message(
            id: MessageID("m\(number)"), shopID: ShopID(shop), userID: "user", text: text ?? "text \(number)",
            createdAt: .init(microsecondsSinceEpoch: Int64(number))
        )
    }
}

extension Identifier: ExpressibleByStringLiteral {
    /// Wraps the text.
    public init(stringLiteral text: String) { self.init(text) }
}

extension Timestamp: ExpressibleByIntegerLiteral {
    /// Counts microseconds since the epoch.
    public init(integerLiteral microseconds: Int64) { self.init(microsecondsSinceEpoch: microseconds) }
}
