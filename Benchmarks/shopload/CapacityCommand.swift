import ArgumentParser
import LoadGenerator

/// `shopload capacity`
struct CapacityCommand: ParsableCommand, RunOptions {
    static let configuration = CommandConfiguration(
        commandName: "capacity",
        abstract: "Looks for the highest rates that a server keeps to its latency at, and plans machines from them.",
        discussion: "Each step is a run of the scenario with so many streams and messages a second. Ctrl-C reports "
            + "what was found so far, and --report with an earlier result goes on from it.")

    @OptionGroup var scenarioOptions: ScenarioOptions
    @OptionGroup var targetOptions: TargetOptions
    @OptionGroup var generatorOptions: GeneratorOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var workerOptions: WorkerOptions
    @OptionGroup var demandOptions: DemandOptions
    @Option(help: "Numbers of streams to search at, such as 1000,5000,10000.")
    var streams = "1000"
    @Option(help: "Bounds of the delivery latency's p99 in milliseconds, such as 20,50.")
    var p99 = "50"
    @Option(help: "The rate that the search begins with, messages a second.")
    var rateMin = 10.0
    @Option(help: "The rate beyond which it does not go.")
    var rateMax = 100_000.0
    @Option(help: "At most so many runs.")
    var runs = 200

    func run() throws {
        guard generatorOptions.processes == 1 else {
            throw ValidationError("--processes: capacity makes its load in one process; give it --reactors")
        }
        guard rateMin > 0, rateMax >= rateMin else { throw ValidationError("--rate-min and --rate-max: 0 < min ≤ max") }
        let counts = try numbers(streams, "--streams").map { Int($0) }
        let objectives = try numbers(p99, "--p99").map { Objective(milliseconds: $0) }
        Interrupts.take()
        var search = KneeSearch(
            connectionCounts: counts, objectives: objectives,
            limits: SearchLimits(messagesPerSecondMin: rateMin, messagesPerSecondMax: rateMax),
            observations: earlierObservations())
        var step = search.step()
        var provenance: Provenance?
        var runCount = 0
        while case .measure(let point) = step, runCount < runs, !Interrupts.areRequested {
            runCount += 1
            StandardError.line("\(point.connectionCount) streams, \(point.messagesPerSecond) messages/s")
            let report = try measure(point)
            if Interrupts.areRequested { break }
            StandardError.line(Verdict(report).sentence)
            step = search.measured(Observation(report, at: point))
            provenance = Provenance(report)
            try write(search, step, objectives, provenance)
        }
        let found = try write(search, step, objectives, provenance)
        guard FileBytes.write(Array(CapacityText(found).text.utf8), to: 1) else { throw ExitCode.failure }
    }

    private func numbers(_ text: String, _ name: String) throws -> [Double] {
        let numbers = text.split(separator: ",").map { Double($0) ?? 0 }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 && $0 <= 1e6 }) else {
            throw ValidationError("\(name) '\(text)': numbers above 0 with commas between them are expected")
        }
        return numbers
    }

    /// What an earlier search that wrote the same file had measured.
    private func earlierObservations() -> [Observation] {
        guard let path = outputOptions.report, let json = FileBytes.read(path) else { return [] }
        return (try? CapacityReport(json: json))?.observations ?? []
    }

    private func measure(_ point: LoadPoint) throws -> RunReport {
        var scenario = try scenarioOptions.resolve()
        try scenario.scale(
            streamCount: point.connectionCount, shopCount: nil, messagesPerSecond: point.messagesPerSecond)
        try scenario.validate()
        let plan = try makePlan(scenario, scenarioOptions.population(of: scenario))
        return try LeadingRun(plan: plan, options: self).run()
    }

    @discardableResult
    private func write(
        _ search: KneeSearch, _ step: KneeSearch.Step, _ objectives: [Objective], _ provenance: Provenance?
    ) throws -> CapacityReport {
        var knees: [Knee] = []
        if case .done(let found) = step { knees = found }
        let observed = try CapacityReport(observations: search.observations, knees: knees)
        let share = objectives.compactMap { observed.processorShare(keeping: $0) }.min()
        let report = try CapacityReport(
            observations: search.observations, knees: knees, demand: demandOptions.demand(processorShareMax: share),
            provenance: provenance)
        if let path = outputOptions.report, !FileBytes.write(try report.json(), to: path) {
            throw ValidationError("--report \(path) cannot be written")
        }
        if let path = outputOptions.html {
            let page = ReportPage(title: "Capacity", sections: [PageSection(report)])
            guard FileBytes.write(Array(page.html.utf8), to: path) else {
                throw ValidationError("--html \(path) cannot be written")
            }
        }
        return report
    }
}

/// What machines are to be planned for.
struct DemandOptions: ParsableArguments {
    @Option(help: "Plan for so many open streams.")
    var demandStreams: Double?
    @Option(help: "Plan for so many messages a second.")
    var demandRate: Double?
    @Option(help: "Streams that a message goes to.")
    var demandMembers = 10.0
    @Option(help: "The part of each resource that stays free, 0 to 1.")
    var headroom = 0.3
    @Option(help: "Processors of a machine that is planned with.")
    var nodeProcessors = 4.0
    @Option(help: "Gigabytes of its memory.")
    var nodeMemory = 16.0
    @Option(help: "Gigabits a second of its network.")
    var nodeNetwork = 10.0

    /// The demand; nil when none was given.
    func demand(processorShareMax: Double?) -> Demand? {
        guard let demandStreams, let demandRate else { return nil }
        return Demand(
            connectionCount: demandStreams, messagesPerSecond: demandRate, membersPerShop: demandMembers,
            headroom: headroom,
            node: Demand.Node(
                processorCount: nodeProcessors, memoryByteCount: nodeMemory * 1e9,
                networkBytesPerSecond: nodeNetwork * 1e9 / 8),
            processorShareMax: processorShareMax ?? 1)
    }

    func validate() throws {
        let figures = [demandStreams ?? 0, demandRate ?? 0, demandMembers, nodeProcessors, nodeMemory, nodeNetwork]
        guard figures.allSatisfy({ $0 >= 0 && $0.isFinite }), headroom >= 0, headroom < 1 else {
            throw ValidationError("a demand has no negative figures, and headroom is below 1")
        }
    }
}
