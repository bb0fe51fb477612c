import ArgumentParser
import Glibc
import LoadGenerator
import Reactor

/// The server, and how it is spoken to.
struct TargetOptions: ParsableArguments {
    @Option(help: "The server: http://HOST:PORT, an IP address or localhost.")
    var url = "http://127.0.0.1:8080"
    @Flag(help: "Aim at another machine. Only at one that is yours, and that can bear it.")
    var allowRemote = false
    @Option(help: "The secret that tokens are signed with (AUTH_JWT_SECRET).")
    var secret: String?
    @Option(help: "A file of tokens instead, `user,token` a line.")
    var tokens: String?
    @Option(name: .customLong("protocol"), help: "The subprotocol that streams ask for, such as shopstream.v2.")
    var subprotocol: String?
    @Option(help: "The path of a shop's stream, with {shop} in the place of the shop.")
    var streamPath: String?
    @Option(help: "The path that messages are posted to.")
    var postPath: String?
    @Option(help: "The path of a shop's newest messages.")
    var listPath: String?

    private func parts() throws -> (host: PeerAddress, port: UInt16, authority: String) {
        guard url.hasPrefix("http://") else {
            throw ValidationError("--url '\(url)': http://HOST:PORT is expected")
        }
        let authority = String(url.dropFirst("http://".count).prefix { $0 != "/" })
        let text = authority.contains(":") ? authority : authority + ":80"
        guard let address = ListenAddress(text), !text.hasPrefix("*"), !text.hasPrefix(":"),
            let host = PeerAddress(address.host.filter { $0 != "[" && $0 != "]" }), address.port > 0
        else { throw ValidationError("--url '\(url)': http://HOST:PORT with an IP address or localhost is expected") }
        return (host, address.port, authority)
    }

    /// Where to connect to; refuses other machines.
    func address() throws -> SocketAddress {
        let (host, port, _) = try parts()
        let isLoopback =
            host.isIPv4 ? (host.low >> 24) & 0xff == 127 : host.high == 0 && host.low == 1
        guard isLoopback || allowRemote else {
            throw ValidationError("--url '\(url)' is another machine: say --allow-remote if it is yours to load")
        }
        return SocketAddress(host, port: port)
    }

    func authority() throws -> String { try parts().authority }

    func tokenSource() throws -> TokenSource {
        if let tokens {
            guard let text = FileBytes.text(tokens) else { throw ValidationError("--tokens \(tokens) cannot be read") }
            return try TokenSource(fileText: text)
        }
        // SAFETY: the environment is not changed by anyone.
        let variable = unsafe getenv("AUTH_JWT_SECRET").map { unsafe String(cString: $0) }
        guard let secret = secret ?? variable else { return .none }
        // A day is longer than the longest run. Whole hours, so that workers make the same tokens.
        let expiresAt = (Int64(time(nil)) / 3_600 + 26) * 3_600
        return TokenSource(secret: Array(secret.utf8), expiresAt: expiresAt)
    }

    func apply(to plan: inout RunPlan) throws {
        plan.subprotocol = subprotocol
        if let streamPath { plan.paths.stream = streamPath }
        if let postPath { plan.paths.post = postPath }
        if let listPath { plan.paths.list = listPath }
        for path in [plan.paths.stream, plan.paths.post, plan.paths.list] {
            guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw ValidationError("'\(path)' is no path")
            }
        }
        let (host, _, _) = try parts()
        // On loopback every address of 127.0.0.0/8 is ours, and each has its own ports.
        if host.isIPv4, (host.low >> 24) & 0xff == 127 { plan.sourceAddress = 0x7f01_0001 }
    }
}

/// How the load is made.
struct GeneratorOptions: ParsableArguments {
    @Option(help: "Processes.")
    var processes = 1
    @Option(help: "Reactors of each process; as many as the connections need by default.")
    var reactors: Int?
    @Option(help: "Processors to bind the reactors to, such as 0,2-3.")
    var cpus: String?
    @Option(help: "Posting connections of each reactor.")
    var posters = 4
    @Option(help: "Requests of a posting connection that may be unanswered.")
    var inFlight = 16
    @Option(help: "Streams of a reactor that may be on their way to being open.")
    var opening = 256
    @Option(help: "Seconds that opening all streams may take.")
    var connectTime = 120.0
    @Option(help: "Seconds that the open connections are left quiet before sending begins.")
    var hold = 0.0
    @Option(help: "The seed of what is random.")
    var seed: UInt64 = 1

    /// Reactors of all processes.
    func laneCount(streamCount: Int) throws -> Int {
        guard (1...LoadLimits.processCountMax).contains(processes) else {
            throw ValidationError("--processes: 1 to \(LoadLimits.processCountMax)")
        }
        let needed = max(1, (streamCount + Self.streamsPerLaneMax - 1) / Self.streamsPerLaneMax)
        let each = reactors ?? max(1, (needed + processes - 1) / processes)
        guard (1...LoadLimits.reactorCountMax).contains(each) else {
            throw ValidationError("--reactors: 1 to \(LoadLimits.reactorCountMax)")
        }
        guard each * processes >= needed else {
            throw ValidationError("\(streamCount) connections need \(needed) reactors: a ring holds so many each")
        }
        return each * processes
    }

    /// A ring's descriptors are bounded by RLIMIT_NOFILE.
    private static var streamsPerLaneMax: Int {
        var limit = rlimit()
        // SAFETY: the call fills the local.
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return min(30_000, max(100, Int(clamping: limit.rlim_cur) - 300))
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
        guard (1...64).contains(posters) else { throw ValidationError("--posters: 1 to 64") }
        guard (1...LoadLimits.inFlightCountMax).contains(inFlight) else {
            throw ValidationError("--in-flight: 1 to \(LoadLimits.inFlightCountMax)")
        }
        guard (1...65_536).contains(opening) else { throw ValidationError("--opening: 1 to 65536") }
        guard connectTime > 0, connectTime <= 3_600, hold >= 0, hold <= 3_600 else {
            throw ValidationError("--connect-time and --hold: up to 3600 seconds")
        }
        plan.postersPerLane = posters
        plan.inFlightCountMax = inFlight
        plan.connectingCountMax = opening
        plan.seed = seed
    }
}

/// Where results go.
struct OutputOptions: ParsableArguments {
    @Option(help: "Write the report, as JSON, to this file.")
    var report: String?
    @Option(help: "Write a page about the report to this file.")
    var html: String?
    @Option(help: "The server's process, whose CPU and memory are watched.")
    var serverPid: Int32?
    @Option(help: "The commit that the report names.")
    var commit: String?
    @Flag(help: "Show no progress.")
    var quiet = false
}

/// How the leading process tells a worker what is its part.
struct WorkerOptions: ParsableArguments {
    @Option(help: .hidden)
    var worker: Int?
    @Option(help: .hidden)
    var run: UInt32?
    @Option(help: .hidden)
    var board: Int32?
    @Option(help: .hidden)
    var results: Int32?
    @Option(help: .hidden)
    var startedAt: String?
}
