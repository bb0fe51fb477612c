import ArgumentParser
import Storage

/// `--store`, an option of every command.
struct StoreOptions: ParsableArguments {
    @Option(
        help: "sqlite:PATH, postgres://HOST/DATABASE or memory: (SHOPSTREAM_STORE; default sqlite:shopstream.sqlite).")
    var store: String?

    /// The store's location. A text that names no store ends the command with one line and status 78.
    func location() throws -> StoreLocation {
        var settings = Settings()
        settings.set("SHOPSTREAM_STORE", store)
        let text = settings.environment["SHOPSTREAM_STORE"] ?? "sqlite:shopstream.sqlite"
        do {
            return try StoreLocation(parsing: text)
        } catch {
            // A URI may hold a password.
            let shown = text.contains("://") ? "…" : text
            throw Exit.failure("SHOPSTREAM_STORE='\(shown)' cannot be used: \(error)", status: 78)
        }
    }

    /// Opens the store for a command that changes it, whether or not a server or another process uses it.
    func open() async throws -> any Store {
        let location = try location()
        do {
            return try await location.open()
        } catch {
            throw Exit.failure("the store \(location) cannot be used: \(error)", status: 74)
        }
    }

    /// Opens the store, performs one change, and closes the store.
    func change(_ body: (any Store) async throws(StorageError) -> Void) async throws {
        let store = try await open()
        do throws(StorageError) {
            try await body(store)
        } catch {
            await store.close()
            throw Exit.failure(error.description, status: error.kind == .notFound ? 1 : 74)
        }
        await store.close()
    }
}
