import ArgumentParser

/// The outputs.
struct OutputOptions: ParsableArguments {
    @Option(help: "Write the report, as JSON, to this file.")
    var report: String?
    @Option(help: "Write a page about the report to this file.")
    var html: String?
    @Option(help: "The server's process, whose CPU and memory are watched.")
    var serverPid: Int32?
    @Option(help: "Reactors, or threads that serve, of the server: it cannot use more processors.")
    var serverReactors: Int?
    @Option(help: "The commit that the report names.")
    var commit: String?
    @Flag(help: "Show no progress.")
    var quiet = false
}
