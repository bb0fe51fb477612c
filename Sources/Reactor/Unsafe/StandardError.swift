import Glibc

/// Standard error, unbuffered.
public enum StandardError {
    /// Writes `bytes` with one call, so that lines of several threads do not mix. Any thread.
    public static func write(_ bytes: [UInt8]) {
        // SAFETY: the array is read before the call returns.
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Writes all of `bytes` to a descriptor and blocks until it has taken them; false when it failed.
    public static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            // SAFETY: the array is read before the call returns, and the offset is within it.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
            }
            if count > 0 {
                offset += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // SAFETY: the call reads and writes the one local.
                _ = unsafe poll(&request, 1, -1)
            default: return false
            }
        }
        return true
    }

    /// Opens `/dev/null` for those of the descriptors 0, 1 and 2 that are closed. Otherwise the next file or socket
    /// would get such a number, and output for standard error would be written into it. Call it before anything else is
    /// opened.
    public static func fillClosedDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
            // SAFETY: the path is a literal, and `open` keeps no pointer. It takes the lowest free number, which is
            // this one.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}
