import Testing

@testable import Server

@Suite struct MachineReaderTests {
    private static let tree = [
        "proc/sys/kernel/osrelease": "6.12.5-generic\n",
        "proc/self/limits": """
        Limit                     Soft Limit           Hard Limit           Units
        Max processes             95858                95858                processes
        Max open files            1024                 524288               files
        """,
        "proc/meminfo": "MemTotal:       32000000 kB\nMemAvailable:   2000 kB\n",
        "proc/sys/net/ipv4/tcp_mem": "10\t20\t30\n",
        "proc/sys/net/core/somaxconn": "4096\n",
        "proc/sys/fs/file-max": "9223372036854775807\n",
        "proc/sys/fs/file-nr": "1200\t0\t9223372036854775807\n",
        "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
    ]

    @Test func `the files of the kernel are read`() throws {
        let tree = try TemporaryTree(Self.tree)
        let facts = MachineReader(root: tree.root).facts()
        #expect(facts.kernelRelease == "6.12.5-generic")
        #expect(facts.descriptorLimit == 1_024)
        #expect(facts.availableByteCount == 2_048_000)
        #expect(facts.tcpMemory == .init(pressurePageCount: 20, pageCountMax: 30))
        #expect(facts.acceptQueueCountMax == 4_096)
        #expect(facts.fileCountMax == Int.max)
        #expect(facts.openFileCount == 1_200)
        #expect(facts.portRange == 32_768...60_999)
        #expect(facts.groups.isEmpty)
    }

    @Test func `an empty tree has no facts, and a number beyond Int is the largest`() throws {
        var none = MachineFacts()
        let facts = MachineReader(root: try TemporaryTree().root).facts()
        none.pageByteCount = facts.pageByteCount
        #expect(facts == none)
        let tree = try TemporaryTree([
            "proc/sys/fs/file-max": "18446744073709551615",
            "proc/self/limits": "Max open files  unlimited unlimited files",
            "proc/sys/net/ipv4/tcp_mem": "1 2", "proc/sys/net/ipv4/ip_local_port_range": "9 8",
        ])
        let odd = MachineReader(root: tree.root).facts()
        #expect(odd.fileCountMax == Int.max && odd.descriptorLimit == Int.max)
        #expect(odd.tcpMemory == nil && odd.portRange == nil)
    }

    @Test func `groups of version 2 count with their parents, and those without a limit do not`() throws {
        let tree = try TemporaryTree([
            "proc/self/cgroup": "0::/system.slice/shopstream.service\n",
            "sys/fs/cgroup/system.slice/shopstream.service/memory.max": "1000\n",
            "sys/fs/cgroup/system.slice/shopstream.service/memory.current": "600\n",
            "sys/fs/cgroup/system.slice/shopstream.service/memory.stat": "anon 1\ninactive_file 150\nactive_file 50\n",
            "sys/fs/cgroup/system.slice/memory.max": "max\n",
            "sys/fs/cgroup/memory.max": "5000\n",
        ])
        #expect(
            MachineReader(root: tree.root).facts().groups == [
                .init(path: "/system.slice/shopstream.service", limitByteCount: 1_000, availableByteCount: 600),
                .init(path: "/", limitByteCount: 5_000, availableByteCount: 5_000),
            ])
    }

    @Test func `in a container the group's path may not exist, and its root has the limit`() throws {
        let tree = try TemporaryTree([
            "proc/self/cgroup": "0::/docker/0123\n", "sys/fs/cgroup/memory.max": "1000",
            "sys/fs/cgroup/memory.current": "1500",
        ])
        let groups = MachineReader(root: tree.root).facts().groups
        #expect(groups == [.init(path: "/", limitByteCount: 1_000, availableByteCount: 0)])
    }

    @Test func `groups of version 1 count, and the number that means no limit does not`() throws {
        let tree = try TemporaryTree([
            "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000",
            "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "400",
            "sys/fs/cgroup/memory/a/memory.stat": "total_inactive_file 100\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        ])
        let groups = MachineReader(root: tree.root).facts().groups
        #expect(groups == [.init(path: "/a", limitByteCount: 1_000, availableByteCount: 700)])
    }

    @Test func `this machine's own files are understood`() {
        let facts = MachineReader().facts()
        #expect(facts.kernelRelease != nil && facts.descriptorLimit != nil && facts.availableByteCount != nil)
        #expect(facts.fileCountMax != nil && facts.tcpMemory != nil && facts.acceptQueueCountMax != nil)
    }
}
