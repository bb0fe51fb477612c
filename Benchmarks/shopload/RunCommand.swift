import ArgumentParser
import Glibc
import LoadGenerator
import Reactor

/// `shopload run`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a scenario against a server and reports what it measured.")

    @OptionGroup var scenarioOptions: ScenarioOptions
    @OptionGroup var targetOptions: TargetOptions
    @OptionGroup var generatorOptions: GeneratorOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var workerOptions: WorkerOptions

    func run() throws {
        let scenario = try scenarioOptions.resolve()
        let population = scenarioOptions.population(of: scenario)
        let laneCount = try generatorOptions.laneCount(streamCount: population.streamCount)
        var plan = RunPlan(
            scenario: scenario, population: population, run: workerOptions.run ?? .random(in: 1 ... .max),
            target: try targetOptions.address(), authority: try targetOptions.authority(),
            tokens: try targetOptions.tokenSource(), laneCount: laneCount)
        try targetOptions.apply(to: &plan)
        try generatorOptions.apply(to: &plan)
        if let worker = workerOptions.worker {
            try WorkerRun(plan: plan, options: self, index: worker).run()
        } else {
            try write(try LeadingRun(plan: plan, options: self).run())
        }
    }

    private func write(_ report: RunReport) throws {
        guard FileBytes.write(Array(ReportText(report).text.utf8), to: 1) else { throw ExitCode.failure }
        if let path = outputOptions.report, !FileBytes.write(try ReportFile(report).json(), to: path) {
            throw ValidationError("--report \(path) cannot be written")
        }
        if let path = outputOptions.html, !FileBytes.write(Array(ReportPage(report).html.utf8), to: path) {
            throw ValidationError("--html \(path) cannot be written")
        }
    }

    /// The lanes of a process.
    func lanes(ofProcess process: Int, _ plan: RunPlan) -> Range<Int> {
        let count = plan.laneCount / generatorOptions.processes
        return process * count..<(process + 1) * count
    }

    /// Who leads the run.
    func coordinator(_ plan: RunPlan, _ board: Board) -> Coordinator {
        Coordinator(
            plan: plan, board: board, connectMax: .milliseconds(Int64(generatorOptions.connectTime * 1_000)),
            hold: .milliseconds(Int64(generatorOptions.hold * 1_000)))
    }

    /// Where the report comes from.
    func origin(startedAt: String, loadAverage: Double) -> RunOrigin {
        // The leading process's own arguments repeat the run; a worker's last ten are not for hands. A secret is nobody's.
        let count = workerOptions.worker == nil ? CommandLine.arguments.count : CommandLine.arguments.count - 10
        var arguments = Array(CommandLine.arguments.prefix(count))
        if let index = arguments.firstIndex(of: "--secret"), index + 1 < arguments.count { arguments[index + 1] = "…" }
        arguments[0] = "shopload"
        return RunOrigin(
            commit: outputOptions.commit ?? "", startedAt: startedAt, command: arguments.joined(separator: " "),
            target: targetOptions.url, pinning: generatorOptions.cpus, loadAverageBefore: loadAverage)
    }
}
