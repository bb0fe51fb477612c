import ArgumentParser
import LoadGenerator

/// The options of a scenario that do not depend on its load.
struct ScenarioShape: ParsableArguments {
    @Option(help: "Bytes of a message's text, at least \(Marker.byteCount).")
    var bytes: Int?
    @Option(help: "Seconds of the measured part.")
    var duration: Double?
    @Option(help: "Seconds of sending before that.")
    var warmUp: Double?
    @Option(help: "Seconds to wait at the end for messages in flight.")
    var drain: Double?
    @Option(help: "fixed or poisson: how the times of sending are spread.")
    var arrival: String?
    @Option(help: "Streams of one user; the server's limit is 5.")
    var streamsPerUser = 5
    @Option(help: "What the names of shops and users begin with.")
    var prefix = "load"

    /// The scenario with this name, or from this file, with these options.
    func scenario(_ name: String) throws -> Scenario {
        var scenario = try Self.find(name)
        if let bytes { scenario.textByteCount = bytes }
        if let duration { scenario.steady = try Self.duration(duration, "--duration") }
        if let warmUp { scenario.warmUp = try Self.duration(warmUp, "--warm-up") }
        if let drain { scenario.drainMax = try Self.duration(drain, "--drain") }
        if let arrival {
            guard let kind = ArrivalKind(rawValue: arrival) else {
                throw ValidationError("--arrival '\(arrival)': fixed or poisson is expected")
            }
            scenario.arrival = kind
        }
        guard streamsPerUser > 0 else { throw ValidationError("--streams-per-user is at least 1") }
        return scenario
    }

    private static func find(_ name: String) throws -> Scenario {
        if let known = Scenario.named(name) { return known }
        guard let text = FileBytes.text(name) else {
            throw ValidationError(
                "'\(name)' is neither a scenario (\(Scenario.names.joined(separator: ", "))) nor a file")
        }
        return try Scenario(fileText: text, name: name)
    }

    private static func duration(_ seconds: Double, _ name: String) throws -> Duration {
        guard seconds >= 0, seconds <= 1e6 else { throw ValidationError("\(name): seconds from 0 on are expected") }
        return .milliseconds(Int64(seconds * 1_000))
    }

    /// The shops, streams and users of a scenario.
    func population(of scenario: Scenario) -> Population {
        Population(groups: scenario.groups, streamsPerUser: streamsPerUser, prefix: prefix)
    }
}

/// The scenario, and the options that change it.
struct ScenarioOptions: ParsableArguments {
    @Argument(help: "\(Scenario.names.joined(separator: ", ")), or the path of a scenario file.")
    var scenario: String
    @Option(help: "Streams of all shops together.")
    var connections: Int?
    @Option(help: "Shops.")
    var shops: Int?
    @Option(help: "Messages a second to all shops together.")
    var rate: Double?
    @OptionGroup var shape: ScenarioShape

    /// The scenario as it will be run.
    func resolve() throws -> Scenario {
        var scenario = try shape.scenario(scenario)
        try scenario.scale(streamCount: connections, shopCount: shops, messagesPerSecond: rate)
        try scenario.validate()
        return scenario
    }

    /// The shops, streams and users of the scenario.
    func population(of scenario: Scenario) -> Population { shape.population(of: scenario) }
}

/// `shopload members`
struct MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Prints the members that a scenario needs: lines of shop_id,user_id,role for `serve --members`.")

    @OptionGroup var options: ScenarioOptions

    func run() throws {
        let population = options.population(of: try options.resolve())
        var bytes: [UInt8] = []
        population.forEachMemberLine { line in
            bytes += line.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        guard FileBytes.write(bytes, to: 1) else { throw ExitCode.failure }
    }
}
