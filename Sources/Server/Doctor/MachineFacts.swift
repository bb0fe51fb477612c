/// What the kernel says of the machine and of this process's limits. Nil is what could not be read.
struct MachineFacts: Sendable, Equatable {
    /// The memory of a control group that has a limit.
    struct GroupMemory: Sendable, Equatable {
        /// The group's path, from the root of its hierarchy.
        var path: String
        var limitByteCount: Int
        /// What the group may still use, with the pages of files that the kernel can drop.
        var availableByteCount: Int
    }

    /// `net.ipv4.tcp_mem`, in pages.
    struct TCPMemory: Sendable, Equatable {
        var pressurePageCount: Int
        var pageCountMax: Int
    }

    /// `uname -r`.
    var kernelRelease: String?
    /// The soft limit `RLIMIT_NOFILE`.
    var descriptorLimit: Int?
    /// `MemAvailable`.
    var availableByteCount: Int?
    /// The process's own group and its parents, as far as they have a limit.
    var groups: [GroupMemory] = []
    var tcpMemory: TCPMemory?
    /// Bytes of a page.
    var pageByteCount = 4_096
    /// `net.core.somaxconn`.
    var acceptQueueCountMax: Int?
    /// `fs.file-max`.
    var fileCountMax: Int?
    /// Files that are open now on the machine.
    var openFileCount: Int?
    /// `net.ipv4.ip_local_port_range`.
    var portRange: ClosedRange<Int>?
}
