import CLibpq
import Glibc

/// A libpq connection that never blocks, except in `start`.
///
/// One thread uses it at a time: a thread that may block starts it and hands it off to the loop's thread.
@safe package final class PostgresHandle: @unchecked Sendable {
    // @unchecked: handed off once, from the thread that started it to the loop that owns it from then on.

    /// The progress of a connect.
    enum Progress {
        case wantsRead, wantsWrite, done
        case failed(StorageError)
    }

    /// What the server answered, in the order of the commands.
    package enum Event {
        case completed(PostgresResult)
        /// A transient failure is caused by the server: it undid the transaction for the sake of another one.
        case failed(StorageError, isTransient: Bool)
        /// Skipped, because an earlier command of the same segment failed.
        case aborted
        case synced
    }

    private let connection: OpaquePointer

    private init(_ connection: OpaquePointer) { unsafe self.connection = connection }

    /// Tells the server goodbye if possible, and closes the descriptor, on which no poll may be pending.
    deinit { unsafe PQfinish(connection) }

    /// Begins to connect. Blocks while a host's name is looked up, so not for a reactor's thread. Nil when out of
    /// memory.
    static func start(_ connectionString: String) -> PostgresHandle? {
        unsafe withParameters(connectionString) { keywords, values in
            guard let connection = unsafe PQconnectStartParams(keywords, values, 1) else { return nil }
            // libpq would print the notices of another service's triggers, and the server's last messages, on standard
            // error.
            unsafe PQsetNoticeReceiver(connection, { _, _ in }, nil)
            return unsafe PostgresHandle(connection)
        }
    }

    /// The parameters of a connect: defaults, then the connection string, which may override them, then those that it
    /// may not override.
    ///
    /// They make a vanished server noticed within seconds, both by a connection that sends and by one that only
    /// listens.
    static func withParameters<Result>(
        _ connectionString: String,
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let parameters = [
            ("fallback_application_name", "shopstream"), ("connect_timeout", "10"), ("tcp_user_timeout", "10000"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("dbname", connectionString), ("client_encoding", "UTF8"),
        ]
        var texts: [UInt8] = []
        var offsets: [(name: Int, value: Int)] = []
        for (name, value) in parameters {
            offsets.append((texts.count, texts.count + name.utf8.count + 1))
            texts += name.utf8 + [0] + value.utf8 + [0]
        }
        // SAFETY: every offset is within `texts`, whose memory stays in place until `body` has returned; libpq copies.
        return unsafe texts.withUnsafeBytes { raw in
            let base = unsafe raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            let keywords: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
                unsafe base.map { unsafe $0 + offset.name }
            }
            let values: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
                unsafe base.map { unsafe $0 + offset.value }
            }
            return unsafe body(keywords + [nil], values + [nil])
        }
    }

    /// What is wrong with a connection string; nil when libpq can read it.
    static func problem(with connectionString: String) -> String? {
        var message: UnsafeMutablePointer<CChar>?
        // SAFETY: this function owns the message and the options and frees them.
        let options = unsafe PQconninfoParse(connectionString, &message)
        defer {
            unsafe PQconninfoFree(options)
            unsafe PQfreemem(message)
        }
        guard unsafe options == nil else { return nil }
        return unsafe message.map { unsafe oneLine(String(cString: $0)) } ?? "out of memory"
    }

    /// Joins the lines of a libpq message, which ends with a line feed and may contain others.
    static func oneLine(_ text: String) -> String {
        text.split { $0 == "\n" || $0 == "\t" }.joined(separator: " ")
    }

    // MARK: - Connecting

    /// The socket, which may change with each step of a connect. -1 when there is none.
    var descriptor: Int32 { unsafe PQsocket(connection) }

    /// Performs one step of the connect. Call it when the descriptor is ready as the last step required.
    func continueConnecting() -> Progress {
        switch unsafe PQconnectPoll(connection) {
        case PGRES_POLLING_READING: return .wantsRead
        case PGRES_POLLING_WRITING: return .wantsWrite
        case PGRES_POLLING_OK:
            if unsafe PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1 {
                return .failed(lastError)
            }
            return .done
        default: return .failed(lastError)
        }
    }

    /// Whether the connection failed at once.
    var isBad: Bool { unsafe PQstatus(connection) == CONNECTION_BAD }

    /// libpq's text for the connection's last failure. It contains no values and no password.
    var lastError: StorageError {
        let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
        return StorageError(.unavailable, detail: Self.oneLine(text))
    }

    // MARK: - Sending

    /// Queues the preparation of a statement; returns false when the connection is dead.
    func sendPrepare(name: String, sql: String) -> Bool {
        unsafe PQsendPrepare(connection, name, sql, 0, nil) == 1
    }

    /// Queues a prepared statement; returns false when the connection is dead.
    func send(statement: String, _ parameters: [PostgresValue]) -> Bool {
        unsafe withArrays(parameters) { values, lengths, formats in
            unsafe PQsendQueryPrepared(
                connection, statement, Int32(parameters.count), values, lengths, formats, 1) == 1
        }
    }

    /// Queues a statement by its text; returns false when the connection is dead.
    func send(sql: String, _ parameters: [PostgresValue]) -> Bool {
        unsafe withArrays(parameters) { values, lengths, formats in
            unsafe PQsendQueryParams(
                connection, sql, Int32(parameters.count), nil, values, lengths, formats, 1) == 1
        }
    }

    /// Ends a segment; returns false when the connection is dead.
    func sendSync() -> Bool { unsafe PQpipelineSync(connection) == 1 }

    private func withArrays<Result>(
        _ parameters: [PostgresValue],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Result
    ) -> Result {
        var bytes: [UInt8] = []
        var offsets: [Int?] = []
        var lengths: [Int32] = []
        for parameter in parameters {
            let offset = bytes.count
            offsets.append(parameter.append(to: &bytes) ? offset : nil)
            lengths.append(Int32(bytes.count - offset))
        }
        // An empty value is not null, so its pointer must not be nil.
        bytes.append(0)
        let formats = [Int32](repeating: 1, count: parameters.count)
        // SAFETY: every offset is within `bytes`, whose memory stays in place until `body` has returned; libpq copies.
        return unsafe bytes.withUnsafeBytes { raw in
            let base = unsafe raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
                guard let offset else { return nil }
                return unsafe base.map { unsafe $0 + offset }
            }
            return unsafe body(values, lengths, formats)
        }
    }

    /// Writes the queued data: true when all was written, false when the socket has no room, nil when the connection is
    /// dead.
    func flush() -> Bool? {
        switch unsafe PQflush(connection) {
        case 0: true
        case 1: false
        default: nil
        }
    }

    // MARK: - Receiving

    /// Whether the connection uses TLS.
    var isEncrypted: Bool { unsafe PQsslInUse(connection) != 0 }

    /// Reads what the socket has; returns false when the connection is dead.
    ///
    /// Under TLS a read may leave part of a record in OpenSSL's buffer, which no poll reports. A second read usually
    /// takes that, but may begin another record. A caller that awaits data under TLS must therefore call again soon.
    func consumeInput() -> Bool {
        guard unsafe PQconsumeInput(connection) == 1 else { return false }
        return unsafe !isEncrypted || PQconsumeInput(connection) == 1
    }

    /// The server's next event; nil when none has arrived or none is expected.
    func nextEvent() -> Event? {
        var hasSeenEnd = false
        while unsafe PQisBusy(connection) == 0 {
            // The results of each command end with nil; two in a row mean that no command is pending.
            guard let result = unsafe PQgetResult(connection) else {
                if hasSeenEnd { return nil }
                hasSeenEnd = true
                continue
            }
            hasSeenEnd = false
            let status = unsafe PQresultStatus(result)
            switch status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return unsafe .completed(PostgresResult(result))
            case PGRES_PIPELINE_ABORTED:
                unsafe PQclear(result)
                return .aborted
            case PGRES_PIPELINE_SYNC:
                unsafe PQclear(result)
                return .synced
            default:
                defer { unsafe PQclear(result) }
                return unsafe .failed(Self.error(result), isTransient: Self.isTransient(result))
            }
        }
        return nil
    }

    /// Whether a result's error is a serialization failure or a deadlock.
    private static func isTransient(_ result: OpaquePointer) -> Bool {
        ["40001", "40P01"].contains(unsafe field(SHIM_DIAG_SQLSTATE, of: result))
    }

    private static func field(_ code: Int, of result: OpaquePointer) -> String {
        unsafe PQresultErrorField(result, Int32(code)).map { unsafe String(cString: $0) } ?? ""
    }

    /// The error in a result.
    static func error(_ result: OpaquePointer) -> StorageError {
        let state = unsafe field(SHIM_DIAG_SQLSTATE, of: result)
        if state.isEmpty {
            let text = unsafe PQresultErrorMessage(result).map { unsafe String(cString: $0) } ?? ""
            return StorageError(.unavailable, detail: oneLine(text))
        }
        return StorageError(sqlState: state, message: unsafe field(SHIM_DIAG_PRIMARY, of: result))
    }

    /// The payload of the next notification.
    func nextNotification() -> String? {
        guard let notification = unsafe PQnotifies(connection) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe String(cString: notification.pointee.extra)
    }
}
