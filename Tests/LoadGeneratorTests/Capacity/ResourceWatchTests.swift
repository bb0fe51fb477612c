import Glibc
import Primitives
import Testing

@testable import LoadGenerator

@Suite struct ResourceWatchTests {
    @Test func `the used share of memory is the part that is not available`() {
        let text = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\n"
        #expect(ResourceWatch.memoryShare(text) == 0.75)
        #expect(ResourceWatch.memoryShare("MemTotal: 1000 kB\n") == nil)
    }

    @Test func `a database's CPU is that of all its processes`() throws {
        let line = { (id: Int, parent: Int, ticks: [Int]) in
            "\(id) (a name) of 1) S \(parent) 1 1 0 -1 0 0 0 0 0 \(ticks.map(String.init).joined(separator: " ")) 20 0 1"
        }
        let lines = [
            line(10, 1, [1, 2, 3, 4]), line(11, 10, [100, 0, 0, 0]), line(12, 11, [0, 1000, 0, 0]),
            line(13, 1, [50_000, 0, 0, 0]),
        ]
        let tree = ProcessTree(processes: lines.compactMap(ProcessTree.Process.init(statLine:)))
        #expect(tree.processes.map(\.parent) == [1, 10, 11, 1])
        let seconds = try #require(tree.processorSeconds(of: 10))
        #expect(seconds == 1110 / Double(sysconf(Int32(_SC_CLK_TCK))))
        #expect(tree.processorSeconds(of: 99) == nil)
    }

    @Test func `this process is seen, and shares are those of the steady part`() throws {
        let watch = ResourceWatch(databaseProcessID: getpid(), beganAt: MonotonicInstant(nanoseconds: 0))
        for second in 0...6 { watch.watch(MonotonicInstant(nanoseconds: UInt64(second) * 1_000_000_000)) }
        let shares = watch.shares(within: 2...5)
        #expect((0...1).contains(try #require(shares[.database])))
        #expect((0...1).contains(try #require(shares[.memory])))
        #expect(watch.shares(within: 100...200) == [:])
        let blind = ResourceWatch(databaseProcessID: nil, beganAt: MonotonicInstant(nanoseconds: 0))
        for second in 0...6 { blind.watch(MonotonicInstant(nanoseconds: UInt64(second) * 1_000_000_000)) }
        #expect(blind.shares(within: 2...5).keys.sorted { $0.rawValue < $1.rawValue } == [.memory])
    }

    @Test func `the network's share counts both directions`() {
        var report = SampleReport(steadySeconds: 4).report()
        for index in report.seconds.indices {
            report.seconds[index].receivedByteCount = 600
            report.seconds[index].sentByteCount = 150
        }
        #expect(report.networkShare(bytesPerSecondMax: 1000) == 0.75)
    }

    @Test func `listening sockets are found by their port`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               1: 0100007F:4A37 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 262662 1 0 100
               2: 0100007F:4A37 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 262663 1 0 100
               3: 0100007F:4A38 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 262664 1 0 100
            """
        #expect(ProcessTree.listeningInodes(table, port: 18_999) == ["262662"])
        #expect(ProcessTree.listeningInodes(table, port: 80) == [])
    }
}
