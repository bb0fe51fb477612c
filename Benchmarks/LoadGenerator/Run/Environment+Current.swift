import Glibc

extension Environment {
    /// This machine, as described by `/proc`. The server is assumed to be on it, because the default target is
    /// loopback.
    static func current(pinning: String?, loadAverageBefore: Double, sharesMachine: Bool = true) -> Environment {
        var limit = rlimit()
        // SAFETY: the call fills the local.
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var settings: [String: String] = [:]
        for (name, path) in [
            ("net.ipv4.ip_local_port_range", "net/ipv4/ip_local_port_range"),
            ("net.core.somaxconn", "net/core/somaxconn"),
            ("net.ipv4.tcp_mem", "net/ipv4/tcp_mem"),
        ] {
            settings[name] = FileBytes.text("/proc/sys/\(path)").map(Self.oneLine)
        }
        return Environment(
            kernel: FileBytes.text("/proc/sys/kernel/osrelease").map(oneLine) ?? "unknown",
            processorModel: processorModel, processorCount: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            memoryByteCount: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)),
            limits: ["RLIMIT_NOFILE": Int(clamping: limit.rlim_cur)], kernelSettings: settings, pinning: pinning,
            loadAverageBefore: loadAverageBefore, otherLoadShare: nil, sharesMachineWithServer: sharesMachine)
    }

    /// The load average of the last minute.
    package static var loadAverage: Double {
        FileBytes.text("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    private static var processorModel: String {
        let lines = FileBytes.text("/proc/cpuinfo")?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { oneLine(String($0)) } ?? "unknown"
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
