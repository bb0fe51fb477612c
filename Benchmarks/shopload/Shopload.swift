import ArgumentParser
import LoadGenerator

/// The command.
@main
struct Shopload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shopload",
        abstract: "Puts a load on a server of shops' messages and reports latencies, losses and limits.",
        discussion: "Benchmarks/README.md says how to read the figures.",
        subcommands: [RunCommand.self, MembersCommand.self, CapacityCommand.self, CompareCommand.self])
}
