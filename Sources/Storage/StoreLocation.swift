/// Where messages are kept: the value of `--store`.
public enum StoreLocation: Hashable, Sendable {
    /// `sqlite:PATH`: a SQLite file, absolute or relative to the working directory.
    case sqlite(path: String)
    /// `memory:`: in this process, until it ends.
    case memory
    /// `postgres://…` or `postgresql://…`: a PostgreSQL database, by a connection URI as libpq reads it.
    case postgres(PostgresLocation)

    /// Why a text does not name a store.
    public enum ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// `sqlite:` without a usable path.
        case badPath(value: String)
        /// A URI that libpq does not understand, with libpq's reason.
        case badURI(reason: String)
        /// Anything else.
        case unknown(value: String)

        /// One line with the value and what is allowed. Does not repeat a password in a URL.
        public var description: String {
            switch self {
            case .badPath(let value):
                "\"\(value)\" names no file: give a path, as in sqlite:shopstream.db; for memory say memory:"
            case .badURI(let reason):
                "the URI cannot be read: \(reason); allowed are sqlite:PATH, postgres://HOST/DATABASE and memory:"
            case .unknown(let value):
                "\"\(value)\" is no store; allowed are sqlite:PATH, postgres://HOST/DATABASE and memory:"
            }
        }
    }

    /// Reads `sqlite:PATH`, `postgres://…` or `memory:`.
    public init(parsing text: String) throws(ParseError) {
        guard let colon = text.firstIndex(of: ":") else { throw .unknown(value: text) }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "sqlite":
            // SQLite would interpret these as its own in-memory databases.
            let isFile = !rest.isEmpty && rest != ":memory:" && !rest.hasPrefix("file:")
            if !isFile || rest.utf8.contains(0) { throw .badPath(value: text) }
            self = .sqlite(path: rest)
        case "memory":
            if !rest.isEmpty { throw .unknown(value: text) }
            self = .memory
        case "postgres", "postgresql":
            do throws(PostgresLocation.ParseError) {
                self = .postgres(try PostgresLocation(text))
            } catch {
                throw .badURI(reason: error.reason)
            }
        default:
            throw .unknown(value: rest.hasPrefix("//") ? "\(text[..<colon])://…" : text)
        }
    }

    /// Opens the store. Creates or migrates the tables of SQLite; those of PostgreSQL are left to `shopstream migrate`.
    /// For the start of a server and for commands; the work runs on another thread.
    public func open() async throws(StorageError) -> any Store {
        switch self {
        case .sqlite(let path): try await SQLiteStore.open(path: path)
        case .memory: MemoryStore()
        case .postgres(let location): try await PostgresStore.open(location, configuration: .patient)
        }
    }
}

extension StoreLocation: CustomStringConvertible {
    /// The text that `init(parsing:)` reads, without the secret parts of a URI.
    public var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .memory: "memory:"
        case .postgres(let location): location.redacted
        }
    }
}
