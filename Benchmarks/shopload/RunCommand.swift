import ArgumentParser
import LoadGenerator

/// `shopload run`
struct RunCommand: ParsableCommand, RunOptions {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a scenario against a server and reports what it measured.",
        discussion:
            "Exits with 0; with 1 when no stream could be opened or the run failed; with 2 when deliveries were "
            + "lost, duplicated, out of order, foreign or corrupt; with 64 when the options are wrong.")

    @OptionGroup var scenarioOptions: ScenarioOptions
    @OptionGroup var targetOptions: TargetOptions
    @OptionGroup var generatorOptions: GeneratorOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var workerOptions: WorkerOptions

    func run() throws {
        let scenario = try scenarioOptions.resolve()
        let plan = try makePlan(scenario, scenarioOptions.population(of: scenario))
        if let worker = workerOptions.worker {
            try WorkerRun(plan: plan, options: self, index: worker).run()
        } else {
            Interrupts.take()
            let report = try LeadingRun(plan: plan, options: self).run()
            try write(report)
            guard report.hasOpenedStreams else {
                StandardError.line("no stream could be opened: the statuses and errors above say why")
                throw ExitCode.failure
            }
            if report.faultCount > 0 { throw ExitCode(2) }
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
}
