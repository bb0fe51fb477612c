import Glibc

/// Standard error, unbuffered.
public enum StandardError {
    /// Writes `bytes` with one call, so that lines of several threads do not mix. Any thread.
    public static func write(_ bytes: [UInt8]) {
        // SAFETY: the array is read before the call returns.
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
