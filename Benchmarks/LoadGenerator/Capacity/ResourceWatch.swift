import Glibc
import Primitives

/// Watches what a server's report does not contain: the memory of this machine, and the database's processes.
package final class ResourceWatch {
    private struct Sample {
        let seconds: Double
        /// The share of the machine's memory that is not available, 0 to 1.
        let memoryShare: Double?
        /// CPU seconds of the database's processes so far.
        let databaseSeconds: Double?
    }

    private let databaseProcessID: Int32?
    private let beganAt: MonotonicInstant
    private var samples: [Sample] = []

    /// Creates a watch that starts at `beganAt`. A database is named by its first process, whose children are watched
    /// too.
    package init(databaseProcessID: Int32?, beganAt: MonotonicInstant) {
        self.databaseProcessID = databaseProcessID
        self.beganAt = beganAt
    }

    /// Takes a sample once a second has passed since the last one.
    package func watch(_ now: MonotonicInstant) {
        let seconds = Double(now.since(beganAt).wholeNanoseconds) / 1e9
        if let last = samples.last, seconds < last.seconds + 1 { return }
        samples.append(
            Sample(
                seconds: seconds, memoryShare: Self.memoryShare(FileBytes.text("/proc/meminfo") ?? ""),
                databaseSeconds: databaseProcessID.flatMap { ProcessTree.current.processorSeconds(of: $0) }))
    }

    /// The used shares in the steady part of `report`. The memory is the server's only when the server runs on this
    /// machine.
    package func shares(of report: RunReport) -> [Resource: Double] {
        var found = shares(within: report.scenario.phases.steadyRange)
        if report.server == nil { found[.memory] = nil }
        return found
    }

    /// The used shares in `range`, in seconds since the beginning: the maximum for memory, and the database's share of
    /// all processors.
    func shares(within range: ClosedRange<Double>) -> [Resource: Double] {
        let inside = samples.filter { range.contains($0.seconds) }
        var shares: [Resource: Double] = [:]
        shares[.memory] = inside.compactMap(\.memoryShare).max()
        let database = inside.compactMap { sample in sample.databaseSeconds.map { (sample.seconds, $0) } }
        if let first = database.first, let last = database.last, last.0 > first.0 {
            let processors = Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            shares[.database] = min(max((last.1 - first.1) / (last.0 - first.0) / processors, 0), 1)
        }
        return shares
    }

    /// The unavailable share of all memory, from the text of `/proc/meminfo`.
    static func memoryShare(_ text: String) -> Double? {
        guard let total = ServerWatch.field("MemTotal", of: text).flatMap({ Double($0) }), total > 0,
            let available = ServerWatch.field("MemAvailable", of: text).flatMap({ Double($0) })
        else { return nil }
        return min(max(1 - available / total, 0), 1)
    }
}

extension RunReport {
    /// The used share of a network of `bytesPerSecondMax` in the steady part, both directions, above TCP.
    package func networkShare(bytesPerSecondMax: Double) -> Double {
        let steady = steadySeconds
        let byteCount = steady.reduce(0) { $0 + $1.receivedByteCount + $1.sentByteCount }
        return Double(byteCount) / Double(max(steady.count, 1)) / bytesPerSecondMax
    }
}
