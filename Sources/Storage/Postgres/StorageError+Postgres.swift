extension StorageError {
    /// Maps an error of the server. `message` is the server's text; the detail leaves it out where it may repeat a
    /// value.
    init(sqlState: String, message: String) {
        let kind = Self.kind(sqlState: sqlState)
        let isPlain =
            switch sqlState.prefix(2) {
            case "08", "28", "3D", "3F", "42", "53", "55", "57", "58": true
            default: false
            }
        self.init(kind, detail: isPlain ? "PostgreSQL \(sqlState): \(message)" : "PostgreSQL \(sqlState)")
    }

    /// SQLSTATE is an open set: unknown codes are unexpected errors.
    private static func kind(sqlState: String) -> Kind {
        switch sqlState {
        case "23505": return .conflict
        // Lock not available, statement timeout, serialization failure, deadlock.
        case "55P03", "57014", "40001", "40P01": return .busy
        case "53100": return .full
        // A read-only transaction: the server is a standby, or has become one.
        case "25006": return .unavailable
        default: break
        }
        switch sqlState.prefix(2) {
        case "22", "23", "54": return .invalid
        case "08", "28", "53", "57", "58": return .unavailable
        case "3D", "3F", "42", "0A": return .incompatible
        case "XX": return sqlState == "XX000" ? .unexpected : .corrupt
        default: return .unexpected
        }
    }
}
