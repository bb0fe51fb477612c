import ArgumentParser
import Server
import Storage

/// `--config`, an option of every command.
struct ConfigOption: ParsableArguments {
    @Option(help: "A file of settings, in YAML (SHOPSTREAM_CONFIG).")
    var config: String?

    /// The flags of this group that are set, by their variables.
    var flags: [String: String] { flagsThatAreSet(["SHOPSTREAM_CONFIG": config]) }
}

/// `--config` and `--store`, options of every command that uses the store.
struct StoreOptions: ParsableArguments {
    @OptionGroup var configOption: ConfigOption
    @Option(
        help: "sqlite:PATH, postgres://HOST/DATABASE or memory: (SHOPSTREAM_STORE; default sqlite:shopstream.sqlite).")
    var store: String?

    /// The flags of this group that are set, by their variables.
    var flags: [String: String] {
        configOption.flags.merging(flagsThatAreSet(["SHOPSTREAM_STORE": store])) { $1 }
    }

    /// The store's location. A text that names no store ends the command with one line and status 78.
    func location() throws -> StoreLocation {
        let settings = try Settings(flags: flags)
        return try Settings.checked { () throws(ConfigurationError) in try settings.values.store() }
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
