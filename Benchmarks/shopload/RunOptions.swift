import LoadGenerator

/// The options of a command that runs scenarios, and the values derived from them.
protocol RunOptions {
    var targetOptions: TargetOptions { get }
    var generatorOptions: GeneratorOptions { get }
    var outputOptions: OutputOptions { get }
    var workerOptions: WorkerOptions { get }
}

extension RunOptions {
    /// The plan of a scenario.
    func makePlan(_ scenario: Scenario, _ population: Population) throws -> RunPlan {
        let target = try targetOptions.target()
        var plan = RunPlan(
            scenario: scenario, population: population, run: workerOptions.run ?? .random(in: 1 ... .max),
            target: target.address, authority: target.authority,
            tokens: try targetOptions.tokenSource(),
            division: try generatorOptions.division(streamCount: population.streamCount))
        try targetOptions.apply(to: &plan)
        try generatorOptions.apply(to: &plan)
        return plan
    }

    /// The lanes of a process.
    func lanes(ofProcess process: Int, _ plan: RunPlan) -> Range<Int> {
        let count = plan.laneCount / generatorOptions.processes
        return process * count..<(process + 1) * count
    }

    /// The coordinator of the run.
    func coordinator(_ plan: RunPlan, _ board: Board) -> Coordinator {
        Coordinator(
            plan: plan, board: board, connectMax: .milliseconds(Int64(generatorOptions.connectTime * 1_000)),
            hold: .milliseconds(Int64(generatorOptions.hold * 1_000)))
    }

    /// The origin of the report.
    func origin(startedAt: String, loadAverage: Double) -> RunOrigin {
        // The leading process's own arguments repeat the run. A worker's last ten are internal. Secrets are left out.
        let count = workerOptions.worker == nil ? CommandLine.arguments.count : CommandLine.arguments.count - 10
        var arguments = Array(CommandLine.arguments.prefix(count))
        for index in arguments.indices {
            if arguments[index].hasPrefix("--secret=") { arguments[index] = "--secret=…" }
            if index > 0, arguments[index - 1] == "--secret" { arguments[index] = "…" }
        }
        arguments[0] = "shopload"
        return RunOrigin(
            commit: outputOptions.commit ?? "", startedAt: startedAt, command: arguments.joined(separator: " "),
            target: targetOptions.url, pinning: generatorOptions.cpus, loadAverageBefore: loadAverage)
    }
}
