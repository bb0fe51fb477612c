import Glibc
import Primitives

/// Wakes one thread from others: a pipe whose ends never block, so that a signal handler may ring it.
public struct EventBell: Sendable {
    private let reading: Int32
    private let writing: Int32

    /// A bell with two descriptors of its own, which stay open as long as the process lives.
    public init() {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the call fills the two elements of the local and keeps no pointer.
        let status = unsafe pipe(&ends)
        precondition(status == 0, "no pipe can be made (errno \(errno))")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    /// Wakes the thread that waits, or the next thread that does. Any thread, and signal handlers.
    public func ring(_ byte: UInt8 = 0) {
        var byte = byte
        // SAFETY: one byte of a local is read. When the pipe is full, the bell already rings.
        _ = unsafe write(writing, &byte, 1)
    }

    /// Waits for a ring, without limit when `duration` is nil. Returns the bytes that arrived; none after the time is
    /// over.
    @discardableResult
    public func wait(atMost duration: Duration?) -> [UInt8] {
        let milliseconds = duration.map { Int32(clamping: ($0.wholeNanoseconds + 999_999) / 1_000_000) } ?? -1
        var request = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        // SAFETY: the calls write the locals, no more bytes than these have, and keep no pointer.
        guard unsafe poll(&request, 1, milliseconds) > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(reading, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    /// The monotonic clock of threads that have no reactor.
    public static var now: MonotonicInstant {
        var time = timespec()
        // SAFETY: the call writes the local and keeps no pointer.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
