import Glibc

/// What the kernel has counted of this process.
struct ProcessFigures: Sendable {
    /// User and system time in seconds.
    let cpuSeconds: Double
    /// The most resident memory so far, in bytes.
    let residentByteCountMax: Int

    /// The figures now. One system call.
    init() {
        var usage = rusage()
        // SAFETY: the call writes the local and keeps no pointer.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        residentByteCountMax = usage.ru_maxrss * 1_024
    }
}
