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
            try WorkerRun(plan: plan, options: self, worker: worker).run()
        } else {
            try LeadingRun(plan: plan, options: self).run()
        }
    }
}
