import Glibc
import Primitives

/// The wall clock, UTC.
public enum WallClock {
    /// The time now, to the microsecond. Any thread; no system call.
    public static var now: Timestamp {
        var time = timespec()
        // SAFETY: the call writes the local and keeps no pointer.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
