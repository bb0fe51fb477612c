import GRDB

extension StorageError {
    /// Maps an error of the database. Leaves out its SQL and arguments, which contain messages.
    init(database error: any Error) {
        switch error {
        case let error as StorageError:
            self = error
        case let error as DatabaseError:
            let detail = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
            self.init(Self.kind(of: error), detail: detail)
        default:
            self.init(.unexpected, detail: String(describing: type(of: error)))
        }
    }

    private static func kind(of error: DatabaseError) -> Kind {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_UNIQUE: return .conflict
        case .SQLITE_IOERR_CORRUPTFS: return .corrupt
        default: break
        }
        // SQLite's result codes are an open set: unknown codes are unexpected errors.
        switch error.resultCode {
        case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH: return .invalid
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy
        case .SQLITE_FULL: return .full
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_NOLFS, .SQLITE_AUTH,
            .SQLITE_NOMEM, .SQLITE_PROTOCOL, .SQLITE_INTERRUPT, .SQLITE_ABORT:
            return .unavailable
        default: return .unexpected
        }
    }
}
