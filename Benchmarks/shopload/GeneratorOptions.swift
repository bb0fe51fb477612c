import ArgumentParser
import Glibc
import LoadGenerator

/// How the load is made.
struct GeneratorOptions: ParsableArguments {
    @Option(help: "Processes.")
    var processes = 1
    @Option(help: "Reactors with streams of each process; as many as the connections need by default.")
    var reactors: Int?
    @Option(help: "Streams with consecutive numbers, such as those of a shop, that have the same reactor.")
    var together = 1
    @Flag(help: "Post from the reactors with streams, instead of from one that does nothing else.")
    var sharedReactors = false
    @Option(help: "Processors to bind the reactors to, such as 0,2-3.")
    var cpus: String?
    @Option(help: "People who write to each shop at a time; the order is checked for each of them.")
    var writers = 1
    @Option(help: "Posting connections of each reactor that posts; no fewer than writers.")
    var posters = 64
    @Option(help: "Requests of a posting connection that may be unanswered.")
    var inFlight = 1
    @Option(help: "Streams of a reactor that may be on their way to being open.")
    var opening = 256
    @Flag(help: "Connect again when the server ends a stream, as clients do, and read by REST what was missed.")
    var reconnect = false
    @Option(help: "With --reconnect, streams that may connect again within a second.")
    var reconnectsPerSecond = 1_000.0
    @Option(help: "Seconds that opening all streams may take.")
    var connectTime = 120.0
    @Option(help: "Seconds that the open connections are left quiet before sending begins.")
    var hold = 0.0
    @Option(help: "The seed of what is random.")
    var seed: UInt64 = 1

    /// The reactors of all processes.
    func division(streamCount: Int) throws -> LaneDivision {
        guard (1...LoadLimits.processCountMax).contains(processes) else {
            throw ValidationError("--processes: 1 to \(LoadLimits.processCountMax)")
        }
        let runsPerLaneMax = streamsPerLaneMax / max(together, 1)
        guard together > 0, runsPerLaneMax > 0 else { throw ValidationError("--together: 1 to \(streamsPerLaneMax)") }
        let runCount = (streamCount + together - 1) / together
        let needed = max(1, (runCount + runsPerLaneMax - 1) / runsPerLaneMax)
        let each = reactors ?? max(1, (needed + processes - 1) / processes)
        guard (1...LoadLimits.reactorCountMax).contains(each) else {
            throw ValidationError("--reactors: 1 to \(LoadLimits.reactorCountMax)")
        }
        guard each * processes >= needed else {
            throw ValidationError("\(streamCount) connections need \(needed) reactors: a ring holds so many each")
        }
        return LaneDivision(
            laneCount: (each + (sharedReactors ? 0 : 1)) * processes, processCount: processes,
            hasPostingLanes: !sharedReactors, streamsTogether: together)
    }

    /// A ring's descriptors are limited by RLIMIT_NOFILE, which is raised as far as permitted.
    private var streamsPerLaneMax: Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        // SAFETY: the calls fill and read the local.
        unsafe getrlimit(resource, &limit)
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            unsafe setrlimit(resource, &limit)
            unsafe getrlimit(resource, &limit)
        }
        return min(30_000, max(100, Int(clamping: limit.rlim_cur) - posters - 200))
    }

    /// The processors of `--cpus`.
    func processors() throws -> [Int] {
        guard let cpus else { return [] }
        var found: [Int] = []
        for part in cpus.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0,
                last >= first,
                last < 1_024
            else { throw ValidationError("--cpus '\(cpus)': a list such as 0,2-3 is expected") }
            found += Array(first...last)
        }
        return found
    }

    func apply(to plan: inout RunPlan) throws {
        guard (1...LoadLimits.posterCountMax).contains(posters) else {
            throw ValidationError("--posters: 1 to \(LoadLimits.posterCountMax)")
        }
        guard (1...LoadLimits.inFlightCountMax).contains(inFlight) else {
            throw ValidationError("--in-flight: 1 to \(LoadLimits.inFlightCountMax)")
        }
        guard (1...65_536).contains(opening) else { throw ValidationError("--opening: 1 to 65536") }
        guard connectTime > 0, connectTime <= 3_600, hold >= 0, hold <= 3_600 else {
            throw ValidationError("--connect-time and --hold: up to 3600 seconds")
        }
        guard (1...LoadLimits.writerCountMax).contains(writers) else {
            throw ValidationError("--writers: 1 to \(LoadLimits.writerCountMax)")
        }
        guard (1...1_000_000).contains(reconnectsPerSecond) else {
            throw ValidationError("--reconnects-per-second: 1 to 1000000")
        }
        plan.reconnectsPerSecondMax = reconnect ? reconnectsPerSecond : nil
        plan.writersPerShop = writers
        plan.postersPerLane = max(posters, writers)
        plan.inFlightCountMax = inFlight
        plan.connectingCountMax = opening
        plan.seed = seed
    }
}
