import ArgumentParser

/// The arguments by which the leading process assigns a worker its part.
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
