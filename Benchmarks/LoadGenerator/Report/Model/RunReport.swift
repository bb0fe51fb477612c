/// The result of one run, with everything that is needed to repeat it.
///
/// When a run has several processes, each writes a report, and `merge` combines them. No field is derived from others;
/// figures and verdict are computed (`KeyFigures`, `Verdict`). Latencies are in nanoseconds, other times in seconds,
/// memory in bytes. README.md of this folder describes the JSON.
package struct RunReport: Codable, Equatable, Sendable {
    /// The schema that this code writes and reads. It is raised by a change that an older reader would misunderstand.
    package static let schemaVersionCurrent = 3

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
    /// The machine.
    var environment: Environment
    /// The requested load.
    var scenario: ScenarioDescription
    /// The generator's configuration, and whether it kept up.
    var generator: GeneratorFigures
    /// Latencies of the steady phase, and of connecting.
    var latencies = Latencies()
    /// Second by second since `startedAt`, in rising order; a second in which nothing happened may be missing.
    var seconds: [SecondSample] = []
    /// The counts over the whole run.
    var counters = Counters()
    /// The resources that the server's process used; nil when its process id was not given.
    var server: ServerFigures?

    /// The seconds of the steady phase, the only ones that figures are computed from.
    var steadySeconds: [SecondSample] {
        let steady = scenario.phases.steadyRange
        return seconds.filter { steady.contains(Double($0.second)) && steady.contains(Double($0.second + 1)) }
    }

    /// Lost deliveries and violations.
    package var faultCount: Int { counters.lost + counters.violations }
}

/// The origin of figures that are based on several runs: what each run's report says about itself.
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
    /// The machine.
    var environment: Environment

    /// The provenance of `report`.
    package init(_ report: RunReport) {
        toolVersion = report.toolVersion
        commit = report.commit
        startedAt = report.startedAt
        command = report.command
        target = report.target
        environment = report.environment
    }
}
