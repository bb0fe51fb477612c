internal import COpenSSL

/// The error queue of the thread, which OpenSSL fills and never empties by itself.
enum OpenSSLErrors {
    /// Empties the queue: `SSL_get_error` reads it, so it must be empty before each operation of a session.
    static func clear() { ERR_clear_error() }

    /// The reason of the last error, or that of the system if a call of the system failed, and an empty queue.
    static func takeReason() -> String {
        var reason = "the connection ended"
        var isOfSystem = false
        while true {
            let code = ERR_get_error()
            guard code != 0 else { return reason }
            guard !isOfSystem else { continue }
            // SAFETY: the texts are static, or are copied before another call of this thread.
            if code & systemErrorFlag != 0 {
                isOfSystem = true
                reason = unsafe String(cString: strerror(CInt(truncatingIfNeeded: code & ~systemErrorFlag)))
            } else if let text = unsafe ERR_reason_error_string(code) {
                reason = unsafe String(cString: text)
            }
        }
    }

    /// `ERR_SYSTEM_FLAG`: the rest of the code is an `errno`.
    private static let systemErrorFlag: CUnsignedLong = 0x8000_0000
}
