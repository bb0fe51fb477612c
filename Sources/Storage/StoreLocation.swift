/// Where messages are kept: the value of `--store`.
public enum StoreLocation: Hashable, Sendable {
    /// `sqlite:PATH`: a SQLite file, absolute or relative to the working directory.
    case sqlite(path: String)
    /// `memory:`: this process, until it ends.
    case memory

    /// Why a text names no store.
    public enum ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// `sqlite:` without a usable path.
        case badPath(value: String)
        /// A kind of store that this build does not have.
        case notBuiltIn(scheme: String)
        /// Anything else.
        case unknown(value: String)

        /// One line with the value and what is allowed. A password in a URL is not repeated.
        public var description: String {
            switch self {
            case .badPath(let value):
                "\"\(value)\" names no file: give a path, as in sqlite:shopstream.db; for memory say memory:"
            case .notBuiltIn(let scheme): "\(scheme) is not built in; allowed are sqlite:PATH and memory:"
            case .unknown(let value): "\"\(value)\" is no store; allowed are sqlite:PATH and memory:"
            }
        }
    }

    /// Reads `sqlite:PATH` or `memory:`.
    public init(parsing text: String) throws(ParseError) {
        guard let colon = text.firstIndex(of: ":") else { throw .unknown(value: text) }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "sqlite":
            // SQLite itself would take these for its own databases in memory.
            let isFile = !rest.isEmpty && rest != ":memory:" && !rest.hasPrefix("file:")
            if !isFile || rest.utf8.contains(0) { throw .badPath(value: text) }
            self = .sqlite(path: rest)
        case "memory":
            if !rest.isEmpty { throw .unknown(value: text) }
            self = .memory
        case "postgres", "postgresql":
            throw .notBuiltIn(scheme: "postgres:")
        default:
            throw .unknown(value: rest.hasPrefix("//") ? "\(text[..<colon])://…" : text)
        }
    }

    /// Opens the store, making or migrating its tables. For the start; the work is done on another thread.
    public func open() async throws(StorageError) -> any Store {
        switch self {
        case .sqlite(let path): try await SQLiteStore.open(path: path)
        case .memory: MemoryStore()
        }
    }
}

extension StoreLocation: CustomStringConvertible {
    /// The text that `init(parsing:)` reads.
    public var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .memory: "memory:"
        }
    }
}
