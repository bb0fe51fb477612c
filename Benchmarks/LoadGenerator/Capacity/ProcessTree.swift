import FoundationEssentials
import Glibc

/// The processes of the machine at one time, with their parents and CPU times.
package struct ProcessTree {
    /// A process, from a line of `/proc/PID/stat`.
    struct Process {
        let id: Int32
        let parent: Int32
        /// User and system time, in ticks, of the process and of the children that it has waited for.
        let ticks: Double

        init?(statLine: String) {
            // The name, in parentheses, may contain anything. Fields are counted after it; the state is the third.
            guard let id = Int32(statLine.prefix { $0 != " " }), let end = statLine.lastIndex(of: ")") else {
                return nil
            }
            let fields = statLine[statLine.index(after: end)...].split(separator: " ")
            guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
            self.id = id
            self.parent = parent
            ticks = fields[11...14].reduce(0) { $0 + (Double($1) ?? 0) }
        }
    }

    let processes: [Process]

    /// The processes that run now.
    static var current: ProcessTree {
        ProcessTree(
            processes: names(in: "/proc").filter { Int32($0) != nil }.compactMap {
                FileBytes.text("/proc/\($0)/stat").flatMap(Process.init(statLine:))
            })
    }

    /// CPU seconds of a process and all its descendants; nil when it does not exist. A child that ended remains in its
    /// parent's time. O(processes × depth).
    func processorSeconds(of root: Int32) -> Double? {
        guard processes.contains(where: { $0.id == root }) else { return nil }
        var members: Set<Int32> = [root]
        var grown = true
        while grown {
            let children = processes.filter { members.contains($0.parent) && !members.contains($0.id) }
            members.formUnion(children.map(\.id))
            grown = !children.isEmpty
        }
        let ticks = processes.filter { members.contains($0.id) }.reduce(0) { $0 + $1.ticks }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The process that listens on a TCP port of this machine; nil when none is visible.
    package static func listener(onPort port: UInt16) -> Int32? {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { FileBytes.text($0) }
        let sockets = Set(tables.flatMap { listeningInodes($0, port: port) }.map { "socket:[\($0)]" })
        guard !sockets.isEmpty else { return nil }
        return names(in: "/proc").compactMap { Int32($0) }.first { process in
            let folder = "/proc/\(process)/fd"
            return names(in: folder).contains { name in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")).map(sockets.contains)
                    ?? false
            }
        }
    }

    /// The inodes of the sockets that listen on `port`, from the text of `/proc/net/tcp`.
    static func listeningInodes(_ table: String, port: UInt16) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            let isListening = fields.count > 9 && fields[3] == "0A"
            guard isListening, UInt16(fields[1].suffix(4), radix: 16) == port else { return nil }
            return String(fields[9])
        }
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}
