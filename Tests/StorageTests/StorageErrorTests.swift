import GRDB
import Testing

@testable import Storage

@Suite struct StorageErrorTests {
    @Test func `codes are distinct, and errors that may be retried are answered with 503`() {
        let kinds = StorageError.Kind.allCases
        #expect(Set(kinds.map(\.code)).count == kinds.count)
        for kind in kinds { #expect(kind.isRetryable == (kind.httpStatus == 503)) }
    }

    static let codes: [(code: ResultCode, kind: StorageError.Kind)] = [
        (.SQLITE_CONSTRAINT_PRIMARYKEY, .conflict), (.SQLITE_CONSTRAINT_UNIQUE, .conflict),
        (.SQLITE_CONSTRAINT_CHECK, .invalid), (.SQLITE_BUSY, .busy), (.SQLITE_BUSY_SNAPSHOT, .busy),
        (.SQLITE_FULL, .full), (.SQLITE_CORRUPT, .corrupt), (.SQLITE_NOTADB, .corrupt),
        (.SQLITE_IOERR_FSYNC, .unavailable), (.SQLITE_CANTOPEN, .unavailable), (.SQLITE_READONLY, .unavailable),
        (.SQLITE_ERROR, .unexpected), (.SQLITE_MISUSE, .unexpected),
    ]

    @Test(arguments: codes.indices)
    func `each code of SQLite has its kind`(index: Int) {
        let (code, kind) = Self.codes[index]
        #expect(StorageError(database: DatabaseError(resultCode: code)).kind == kind)
    }

    @Test func `an error shows neither SQL nor values`() {
        let error = DatabaseError(
            resultCode: .SQLITE_CONSTRAINT, message: "constraint", sql: "INSERT secret", arguments: ["secret"])
        #expect(!StorageError(database: error).description.contains("secret"))
    }
}
