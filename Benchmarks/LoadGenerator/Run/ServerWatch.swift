import Glibc
import Primitives

/// Watches the server's process and the kernel's memory through `/proc`, in the leading process.
package final class ServerWatch {
    private let processID: Int32
    private let beganAt: MonotonicInstant
    private var figures: ServerFigures
    private var nextAt: MonotonicInstant
    /// The busy processor seconds of the whole machine since it started, by the seconds of the run.
    private var machine: [(seconds: Double, busySeconds: Double)] = []

    /// Creates a watch of a process on this machine; nil when it does not exist.
    package init?(processID: Int32, reactorCount: Int?, beganAt: MonotonicInstant) {
        guard let status = FileBytes.text("/proc/\(processID)/status") else { return nil }
        self.processID = processID
        self.beganAt = beganAt
        nextAt = beganAt
        figures = ServerFigures(
            processID: Int(processID), reactorCount: reactorCount,
            processorCount: Self.processorCount(Self.field("Cpus_allowed_list", of: status) ?? ""))
    }

    /// Takes a sample once a second has passed since the last one.
    package func watch(_ now: MonotonicInstant) {
        guard now >= nextAt, let sample = sample(now) else { return }
        nextAt = now + .seconds(1)
        figures.samples.append(sample)
        if let busySeconds = Self.machineBusySeconds { machine.append((sample.seconds, busySeconds)) }
    }

    /// The share of all processors' time in `range` (seconds of the run) that neither the server nor the generator,
    /// which used `generatorSeconds`, took; nil when it was not measured.
    package func otherLoadShare(within range: ClosedRange<Double>, generatorSeconds: Double) -> Double? {
        let inside = machine.filter { range.contains($0.seconds) }
        let samples = figures.samples.filter { range.contains($0.seconds) }
        guard let first = inside.first, let last = inside.last, last.seconds > first.seconds,
            let began = samples.first, let ended = samples.last
        else { return nil }
        let span = last.seconds - first.seconds
        let server = ended.userSeconds + ended.systemSeconds - began.userSeconds - began.systemSeconds
        let whole = range.upperBound - range.lowerBound
        let generator = generatorSeconds * span / max(whole, span)
        let other = last.busySeconds - first.busySeconds - server - generator
        return min(max(other / (span * Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), 0), 1)
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, wait for I/O, interrupts, …, in ticks.
    private static var machineBusySeconds: Double? {
        guard let line = FileBytes.text("/proc/stat")?.split(separator: "\n").first else { return nil }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        guard ticks.count == 8 else { return nil }
        return (ticks.reduce(0, +) - ticks[3] - ticks[4]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Takes a sample of the kernel's memory.
    package func sampleKernel(_ moment: ServerFigures.Moment, openConnections: Int) {
        let sockets = FileBytes.text("/proc/net/sockstat") ?? ""
        let tcp = sockets.split(separator: "\n").first { $0.hasPrefix("TCP:") }?.split(separator: " ") ?? []
        func value(_ name: String) -> Int {
            guard let index = tcp.firstIndex(where: { $0 == name }), index + 1 < tcp.count else { return 0 }
            return Int(tcp[index + 1]) ?? 0
        }
        let memory = FileBytes.text("/proc/meminfo") ?? ""
        figures.kernel.append(
            ServerFigures.KernelSample(
                moment: moment, openConnections: openConnections,
                slabByteCounts: Self.slabs(FileBytes.text("/proc/slabinfo") ?? ""),
                slabTotalByteCount: Self.kilobytes(Self.field("Slab", of: memory)), socketCount: value("inuse"),
                socketBufferByteCount: value("mem") * sysconf(Int32(_SC_PAGESIZE)), residentByteCount: residentByteCount
            ))
    }

    /// The figures so far.
    package var seen: ServerFigures { figures }

    private var residentByteCount: Int {
        Self.kilobytes(Self.field("VmRSS", of: FileBytes.text("/proc/\(processID)/status") ?? ""))
    }

    private func sample(_ now: MonotonicInstant) -> ServerFigures.ProcessSample? {
        guard let stat = FileBytes.text("/proc/\(processID)/stat"),
            let status = FileBytes.text("/proc/\(processID)/status")
        else { return nil }
        // The name, in parentheses, may contain anything. Fields are counted after it; the state is the third.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        return ServerFigures.ProcessSample(
            seconds: Double(now.since(beganAt).wholeNanoseconds) / 1e9, userSeconds: user / ticks,
            systemSeconds: system / ticks, residentByteCount: Self.kilobytes(Self.field("VmRSS", of: status)),
            threadCount: Self.field("Threads", of: status).flatMap { Int($0) } ?? 0)
    }

    /// Bytes in use in the caches that grow with connections, from `/proc/slabinfo`: name, active objects, all objects,
    /// bytes of an object, …. Freed objects are kept for reuse.
    static func slabs(_ text: String) -> [String: Int] {
        let prefixes = [
            "TCP", "tcp", "sock_inode", "filp", "dentry", "request_sock", "io_kiocb", "kmalloc", "eventpoll", "skbuff",
        ]
        var found: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3, prefixes.contains(where: { fields[0].hasPrefix($0) }), let count = Int(fields[1]),
                let byteCount = Int(fields[3]), count > 0
            else { continue }
            found[String(fields[0])] = count * byteCount
        }
        return found
    }

    /// The value of `name: value` in a file of such lines.
    static func field(_ name: String, of text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace).first.map { String($0) }
        }
        return nil
    }

    private static func kilobytes(_ text: String?) -> Int { (text.flatMap { Int($0) } ?? 0) * 1_024 }

    /// The number of processors in a list such as `0,2-3`.
    static func processorCount(_ list: String) -> Int {
        list.split(separator: ",").reduce(0) { count, part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, last >= first else { return count }
            return count + last - first + 1
        }
    }
}
