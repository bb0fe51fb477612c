import CLiburing
import Glibc
import Primitives

/// How long a thread runs before other threads that want its processor, when more threads have work than there are
/// processors.
public enum TimeSlice {
    /// Requests slices of `slice` (0.1 to 100 ms; 2.8 ms by default) for all threads of the process, and so for threads
    /// that they create later (sched_setattr(2), EEVDF). Linux before 6.12 has slices of one length for all and ignores
    /// it. Threads of a real-time policy are not changed. Returns the number of threads that have the slice now.
    ///
    /// With short slices a thread that wakes for little work, such as a commit, waits less for a thread that computes.
    /// The share of each thread stays the same.
    @discardableResult
    public static func set(_ slice: Duration) -> Int {
        guard let tasks = unsafe opendir("/proc/self/task") else { return 0 }
        defer { unsafe closedir(tasks) }
        var count = 0
        while let entry = unsafe readdir(tasks) {
            // SAFETY: the name ends with NUL, and is read before the next call.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let thread = Int32(name) else { continue }
            if shim_set_time_slice(thread, slice.wholeNanoseconds) == 0 { count += 1 }
        }
        return count
    }

    /// The slice of the calling thread; nil before Linux 6.12.
    public static var current: Duration? {
        let nanoseconds = shim_time_slice(0)
        return nanoseconds > 0 ? .nanoseconds(Int64(nanoseconds)) : nil
    }
}
