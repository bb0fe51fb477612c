import ArgumentParser
import LoadGenerator

/// Which scenario, and what of it is different.
struct ScenarioOptions: ParsableArguments {
    @Argument(help: "\(Scenario.names.joined(separator: ", ")), or the path of a scenario file.")
    var scenario: String
    @Option(help: "Streams of all shops together.")
    var connections: Int?
    @Option(help: "Shops.")
    var shops: Int?
    @Option(help: "Messages a second to all shops together.")
    var rate: Double?
    @Option(help: "Bytes of a message's text, at least \(Marker.byteCount).")
    var bytes: Int?
    @Option(help: "Seconds of the measured part.")
    var duration: Double?
    @Option(help: "Seconds of sending before that.")
    var warmUp: Double?
    @Option(help: "Seconds that what is under way may take at the end.")
    var drain: Double?
    @Option(help: "fixed or poisson: how the times of sending are spread.")
    var arrival: String?
    @Option(help: "Streams of one user; the server's limit is 5.")
    var streamsPerUser = 5
    @Option(help: "What the names of shops and users begin with.")
    var prefix = "load"

    /// The scenario as it will be run.
    func resolve() throws -> Scenario {
        var scenario = try find()
        try scenario.scale(streamCount: connections, shopCount: shops, messagesPerSecond: rate)
        if let bytes { scenario.textByteCount = bytes }
        if let duration { scenario.steady = .milliseconds(Int64(duration * 1_000)) }
        if let warmUp { scenario.warmUp = .milliseconds(Int64(warmUp * 1_000)) }
        if let drain { scenario.drainMax = .milliseconds(Int64(drain * 1_000)) }
        if let arrival {
            guard let kind = ArrivalKind(rawValue: arrival) else {
                throw ValidationError("--arrival '\(arrival)': fixed or poisson is expected")
            }
            scenario.arrival = kind
        }
        guard streamsPerUser > 0 else { throw ValidationError("--streams-per-user is at least 1") }
        try scenario.validate()
        return scenario
    }

    private func find() throws -> Scenario {
        if let known = Scenario.named(scenario) { return known }
        guard let text = FileBytes.text(scenario) else {
            throw ValidationError(
                "'\(scenario)' is neither a scenario (\(Scenario.names.joined(separator: ", "))) nor a file")
        }
        return try Scenario(fileText: text, name: scenario)
    }

    /// Who there is in it.
    func population(of scenario: Scenario) -> Population {
        Population(groups: scenario.groups, streamsPerUser: streamsPerUser, prefix: prefix)
    }
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
