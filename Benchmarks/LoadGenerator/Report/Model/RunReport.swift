/// What one run of the load measured, and all that is needed to run it again: the harness's result as a value.
///
/// Several processes make one run: each writes its report, and `merge` adds them up. Nothing in it is derived from
/// something else in it; figures and verdict are computed (`KeyFigures`, `Verdict`). Latencies are in nanoseconds,
/// other times in seconds, memory in bytes. README.md of this folder describes the JSON.
package struct RunReport: Codable, Equatable, Sendable {
    /// The schema that this code writes and reads. A change that an older reader would misunderstand raises it.
    package static let schemaVersionCurrent = 2

    /// The schema of this value.
    var schemaVersion = schemaVersionCurrent
    /// The version of the tool that measured.
    var toolVersion: String
    /// The commit of the tool and the server, as `git describe --always --dirty` names it; empty when unknown.
    var commit: String
    /// When the first connection was attempted, RFC 3339 in UTC.
    var startedAt: String
    /// The command line that repeats the run.
    var command: String
    /// The server's address, for example `http://127.0.0.1:8080`.
    var target: String
    /// Where it ran.
    var environment: Environment
    /// What was asked for.
    var scenario: ScenarioDescription
    /// What the generator was, and whether it kept up.
    var generator: GeneratorFigures
    /// Latencies of the steady phase, and of connecting.
    var latencies = Latencies()
    /// Second by second since `startedAt`, in rising order; a second in which nothing happened may be missing.
    var seconds: [SecondSample] = []
    /// What was counted over the whole run.
    var counters = Counters()
    /// What the server's process used; nil when its process id was not given.
    var server: ServerFigures?

    /// The seconds of the steady phase: the only ones that figures are made of.
    var steadySeconds: [SecondSample] {
        let steady = scenario.phases.steadyRange
        return seconds.filter { steady.contains(Double($0.second)) && steady.contains(Double($0.second + 1)) }
    }

    /// Deliveries that were lost, and those that no server may make.
    package var faultCount: Int { counters.lost + counters.violations }
}

/// Where figures come from that rest on several runs: what a run's report says of itself.
package struct Provenance: Codable, Equatable, Sendable {
    /// The version of the tool that measured.
    var toolVersion: String
    /// The commit of the tool and the server; empty when unknown.
    var commit: String
    /// When the run began, RFC 3339 in UTC.
    var startedAt: String
    /// The command line that repeats it.
    var command: String
    /// The server's address.
    var target: String
    /// Where it ran.
    var environment: Environment

    /// That of `report`.
    package init(_ report: RunReport) {
        toolVersion = report.toolVersion
        commit = report.commit
        startedAt = report.startedAt
        command = report.command
        target = report.target
        environment = report.environment
    }
}
