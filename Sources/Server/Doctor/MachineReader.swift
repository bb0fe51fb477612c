import FoundationEssentials
import Glibc

/// Reads `MachineFacts` from the files of /proc and /sys. Blocks.
struct MachineReader {
    /// The folder that has `proc` and `sys`; empty for the machine's own.
    var root = ""

    func facts() -> MachineFacts {
        var facts = MachineFacts()
        facts.kernelRelease = text("/proc/sys/kernel/osrelease")
        facts.descriptorLimit = descriptorLimit
        facts.availableByteCount = availableByteCount
        facts.groups = groups
        let pages = numbers("/proc/sys/net/ipv4/tcp_mem")
        if pages.count == 3 { facts.tcpMemory = .init(pressurePageCount: pages[1], pageCountMax: pages[2]) }
        facts.pageByteCount = max(1, Int(sysconf(Int32(_SC_PAGESIZE))))
        facts.acceptQueueCountMax = numbers("/proc/sys/net/core/somaxconn").first
        facts.fileCountMax = numbers("/proc/sys/fs/file-max").first
        facts.openFileCount = numbers("/proc/sys/fs/file-nr").first
        let ports = numbers("/proc/sys/net/ipv4/ip_local_port_range")
        if ports.count == 2, ports[0] <= ports[1] { facts.portRange = ports[0]...ports[1] }
        return facts
    }

    /// The text of a file without the white space at its end; nil when it cannot be read.
    private func text(_ path: String) -> String? {
        guard let bytes = DoctorCalls.contents(of: root + path) else { return nil }
        var text = String(decoding: bytes, as: UTF8.self)[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text.isEmpty ? nil : String(text)
    }

    /// The numbers of a file, separated by white space. A number above `Int.max`, as `fs.file-max` may be, is `Int.max`.
    private func numbers(_ path: String) -> [Int] {
        (text(path) ?? "").split { $0.isWhitespace }.compactMap { Self.number($0) }
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        UInt64(text).map { Int(clamping: $0) }
    }

    /// Max open files            1024                 524288               files
    private var descriptorLimit: Int? {
        let title = "Max open files"
        guard let row = text("/proc/self/limits")?.split(separator: "\n").first(where: { $0.hasPrefix(title) }),
            let soft = row.dropFirst(title.count).split(separator: " ").first
        else { return nil }
        return soft == "unlimited" ? Int.max : Self.number(soft)
    }

    /// MemAvailable:   23578224 kB
    private var availableByteCount: Int? {
        let title = "MemAvailable:"
        guard let row = text("/proc/meminfo")?.split(separator: "\n").first(where: { $0.hasPrefix(title) }),
            let kilobytes = row.dropFirst(title.count).split(separator: " ").first.flatMap({ Self.number($0) })
        else { return nil }
        return Self.product(kilobytes, 1_024)
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, isOverflow) = left.multipliedReportingOverflow(by: right)
        return isOverflow ? Int.max : product
    }

    // MARK: - Control groups

    /// The groups with a limit, of version 2 (`0::/path`) and of version 1 (`4:memory:/path`).
    private var groups: [MachineFacts.GroupMemory] {
        var groups: [MachineFacts.GroupMemory] = []
        for row in (text("/proc/self/cgroup") ?? "").split(separator: "\n") {
            let fields = row.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                groups += Self.withParents(fields[2]).compactMap { group(version2: $0) }
            } else if fields[1].split(separator: ",").contains("memory") {
                groups += Self.withParents(fields[2]).compactMap { group(version1: $0) }
            }
        }
        return groups
    }

    /// `/a/b`, `/a` and the root. Within a container the root may be the only one that exists, and it has the limit.
    private static func withParents(_ path: Substring) -> [String] {
        var parts = path.split(separator: "/")
        var paths: [String] = []
        while !parts.isEmpty {
            paths.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return paths + [""]
    }

    private func group(version2 path: String) -> MachineFacts.GroupMemory? {
        let folder = "/sys/fs/cgroup\(path)"
        // Without a limit the file contains `max`.
        guard let limit = numbers("\(folder)/memory.max").first else { return nil }
        return group(
            path, limit: limit, used: numbers("\(folder)/memory.current").first ?? 0,
            reclaimable: sum(of: ["inactive_file", "active_file"], in: "\(folder)/memory.stat"))
    }

    private func group(version1 path: String) -> MachineFacts.GroupMemory? {
        let folder = "/sys/fs/cgroup/memory\(path)"
        // Without a limit it is the largest multiple of a page.
        guard let limit = numbers("\(folder)/memory.limit_in_bytes").first, limit < Int.max - (1 << 20) else {
            return nil
        }
        return group(
            path, limit: limit, used: numbers("\(folder)/memory.usage_in_bytes").first ?? 0,
            reclaimable: sum(of: ["total_inactive_file", "total_active_file"], in: "\(folder)/memory.stat"))
    }

    private func group(_ path: String, limit: Int, used: Int, reclaimable: Int) -> MachineFacts.GroupMemory {
        MachineFacts.GroupMemory(
            path: path.isEmpty ? "/" : path, limitByteCount: limit,
            availableByteCount: max(0, limit - max(0, used - reclaimable)))
    }

    private func sum(of names: [Substring], in path: String) -> Int {
        (text(path) ?? "").split(separator: "\n").reduce(0) { sum, row in
            let fields = row.split(separator: " ")
            guard fields.count == 2, names.contains(fields[0]) else { return sum }
            return sum + (Self.number(fields[1]) ?? 0)
        }
    }
}
