import Glibc

/// What the kernel has counted of this process.
struct ProcessFigures: Sendable {
    /// User and system time in seconds.
    let cpuSeconds: Double
    /// The most resident memory so far, in bytes.
    let residentByteCountMax: Int
    /// Resident memory, in bytes; 0 when the kernel does not say.
    let residentByteCount: Int

    /// The figures now. Four system calls.
    init() {
        var usage = rusage()
        // SAFETY: the call writes the local and keeps no pointer.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        residentByteCountMax = usage.ru_maxrss * 1_024
        residentByteCount = Self.residentPageCount * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The second number of `/proc/self/statm` (proc(5)).
    private static var residentPageCount: Int {
        // SAFETY: the call keeps no pointer to the path.
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        // SAFETY: the call writes at most as many bytes as the array has.
        let count = unsafe read(descriptor, &bytes, bytes.count)
        let numbers = bytes.prefix(max(0, count)).split(separator: UInt8(ascii: " "))
        guard numbers.count > 1 else { return 0 }
        return Int(String(decoding: numbers[1], as: UTF8.self)) ?? 0
    }
}
