import CLibpq
import Glibc

/// A connection of libpq, never blocking but for `start`.
///
/// One thread uses it at a time: it is begun on one that may block and then handed to its loop's.
@safe final class PostgresHandle: @unchecked Sendable {
    // @unchecked: handed over once, from the thread that began it to the loop that owns it from there.

    /// How a connect goes on.
    enum Progress {
        case wantsRead, wantsWrite, done
        case failed(StorageError)
    }

    /// What the server said, in the order of what was sent.
    enum Event {
        case completed(PostgresResult)
        /// A transient failure is one of the server's own making: it undid the transaction for another one's sake.
        case failed(StorageError, isTransient: Bool)
        /// Passed over, since a command before it in the same segment failed.
        case aborted
        case synced
    }

    private let connection: OpaquePointer

    private init(_ connection: OpaquePointer) { unsafe self.connection = connection }

    /// Sends the server a goodbye if it can, and closes the descriptor, on which no poll may be wanted any more.
    deinit { unsafe PQfinish(connection) }

    /// Begins to connect. Blocks while a host's name is looked up; not for a reactor's thread. Nil without memory.
    static func start(_ connectionString: String) -> PostgresHandle? {
        unsafe withParameters(connectionString) { keywords, values in
            guard let connection = unsafe PQconnectStartParams(keywords, values, 1) else { return nil }
            // libpq would print what another service's trigger raises, and the server's goodbyes, on standard error.
            unsafe PQsetNoticeReceiver(connection, { _, _ in }, nil)
            return unsafe PostgresHandle(connection)
        }
    }

    /// The parameters of a connect: defaults, which the string may change, and behind it what it may not.
    ///
    /// A server that vanished is noticed within seconds, by whoever sends to it and by who only listens.
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
        // SAFETY: the message and the options are ours to free.
        let options = unsafe PQconninfoParse(connectionString, &message)
        defer {
            unsafe PQconninfoFree(options)
            unsafe PQfreemem(message)
        }
        guard unsafe options == nil else { return nil }
        return unsafe message.map { unsafe oneLine(String(cString: $0)) } ?? "out of memory"
    }

    /// libpq ends its messages with a line feed, and some have several lines.
    static func oneLine(_ text: String) -> String {
        text.split { $0 == "\n" || $0 == "\t" }.joined(separator: " ")
    }

    // MARK: - Connecting

    /// The socket; it may be another after each step of a connect. -1 when there is none.
    var descriptor: Int32 { unsafe PQsocket(connection) }

    /// One step of the connect, when the descriptor is as the last step wanted it.
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

    /// What libpq says of the connection's last failure. It holds no values and no password.
    var lastError: StorageError {
        let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
        return StorageError(.unavailable, detail: Self.oneLine(text))
    }

    // MARK: - Sending

    /// Queues the preparation of a statement; false when the connection is dead.
    func sendPrepare(name: String, sql: String) -> Bool {
        unsafe PQsendPrepare(connection, name, sql, 0, nil) == 1
    }

    /// Queues a prepared statement; false when the connection is dead.
    func send(statement: String, _ parameters: [PostgresValue]) -> Bool {
        unsafe withArrays(parameters) { values, lengths, formats in
            unsafe PQsendQueryPrepared(
                connection, statement, Int32(parameters.count), values, lengths, formats, 1) == 1
        }
    }

    /// Queues a statement by its text; false when the connection is dead.
    func send(sql: String, _ parameters: [PostgresValue]) -> Bool {
        unsafe withArrays(parameters) { values, lengths, formats in
            unsafe PQsendQueryParams(
                connection, sql, Int32(parameters.count), nil, values, lengths, formats, 1) == 1
        }
    }

    /// Ends a segment; false when the connection is dead.
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
        // An empty value is not null: its pointer must be somewhere.
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

    /// Writes what is queued: true when all is out, false when the socket has no room, nil when the connection is dead.
    func flush() -> Bool? {
        switch unsafe PQflush(connection) {
        case 0: true
        case 1: false
        default: nil
        }
    }

    // MARK: - Receiving

    /// Whether the connection is under TLS.
    var isEncrypted: Bool { unsafe PQsslInUse(connection) != 0 }

    /// Reads what the socket has; false when the connection is dead.
    ///
    /// Under TLS a read may leave part of a record inside OpenSSL, of which no poll tells. A second one takes that
    /// mostly, but may begin another record: who awaits something under TLS must call again before long.
    func consumeInput() -> Bool {
        guard unsafe PQconsumeInput(connection) == 1 else { return false }
        return unsafe !isEncrypted || PQconsumeInput(connection) == 1
    }

    /// The next thing that the server said; nil when that is not there yet, or nothing is awaited.
    func nextEvent() -> Event? {
        var hasSeenEnd = false
        while unsafe PQisBusy(connection) == 0 {
            // Each command's results end with nil; two in a row say that nothing is awaited.
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

    /// The error that a result holds.
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
