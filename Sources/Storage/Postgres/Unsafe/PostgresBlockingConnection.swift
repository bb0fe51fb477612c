import CLibpq

/// A connection that blocks its thread: for commands and the start of a server, never for a loop.
@safe final class PostgresBlockingConnection {
    private let connection: OpaquePointer

    /// Connects; throws `.unavailable` when that fails.
    init(_ location: PostgresLocation) throws(StorageError) {
        let made = unsafe PostgresHandle.withParameters(location.connectionString) { keywords, values in
            unsafe PQconnectdbParams(keywords, values, 1)
        }
        guard let made = unsafe made else { throw StorageError(.unavailable, detail: "out of memory") }
        unsafe connection = made
        if unsafe PQstatus(connection) != CONNECTION_OK { throw lastError }
        // Suppresses notices such as "already exists, skipping".
        _ = try execute("SET client_min_messages = warning")
    }

    deinit { unsafe PQfinish(connection) }

    private var lastError: StorageError {
        let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
        return StorageError(.unavailable, detail: PostgresHandle.oneLine(text))
    }

    /// Runs statements without parameters; returns the first column of the last statement's rows.
    @discardableResult
    func execute(_ sql: String) throws(StorageError) -> [String] {
        guard let result = unsafe PQexec(connection, sql) else { throw lastError }
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK: return []
        case PGRES_TUPLES_OK:
            var values: [String] = []
            for row in unsafe 0..<PQntuples(result) {
                // SAFETY: the row and the first column exist, and the text is copied while the result lives.
                if let value = unsafe PQgetvalue(result, row, 0) { values.append(unsafe String(cString: value)) }
            }
            return values
        default: throw unsafe PostgresHandle.error(result)
        }
    }
}
