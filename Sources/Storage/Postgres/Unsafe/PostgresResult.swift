import CLibpq
import Primitives

/// The rows that a statement returned, in binary format, in libpq's memory. Immutable, so any thread may read it.
@safe package final class PostgresResult: @unchecked Sendable {
    // @unchecked: libpq does not change a result after returning it, and `deinit` frees it after the last reader.
    private let pointer: OpaquePointer

    /// Takes ownership of the result.
    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    /// The number of rows.
    package var rowCount: Int { unsafe Int(PQntuples(pointer)) }

    /// The number of columns.
    var columnCount: Int { Int(unsafe PQnfields(pointer)) }

    /// The number of rows that a command changed.
    var affectedCount: Int {
        guard let text = unsafe PQcmdTuples(pointer) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    private func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        if unsafe PQgetisnull(pointer, Int32(row), Int32(column)) != 0 { return nil }
        // SAFETY: libpq checks both indices; the bytes live as long as the result, and callers copy them at once.
        return unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(pointer, Int32(row), Int32(column)),
            count: Int(PQgetlength(pointer, Int32(row), Int32(column))))
    }

    /// A text; nil for null. Repairs invalid UTF-8, which a database with another encoding may contain.
    package func text(_ row: Int, _ column: Int) -> String? {
        unsafe bytes(row, column).map { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// An integer of eight bytes; nil for null.
    package func integer(_ row: Int, _ column: Int) -> Int64? {
        guard let bytes = unsafe bytes(row, column), bytes.count == 8 else { return nil }
        return unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    /// A Boolean; nil for null.
    package func boolean(_ row: Int, _ column: Int) -> Bool? {
        guard let bytes = unsafe bytes(row, column), bytes.count == 1 else { return nil }
        return unsafe bytes[0] != 0
    }

    /// A `timestamptz`; nil for null. Values outside the bounds of `Timestamp`, infinities included, are clamped.
    package func time(_ row: Int, _ column: Int) -> Timestamp? {
        guard let value = integer(row, column) else { return nil }
        let (sum, isOverflow) = value.addingReportingOverflow(PostgresValue.epochMicroseconds)
        if isOverflow { return value < 0 ? .earliest : .latest }
        return Timestamp(microsecondsSinceEpoch: sum)
    }
}
