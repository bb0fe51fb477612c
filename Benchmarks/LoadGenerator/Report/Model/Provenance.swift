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
