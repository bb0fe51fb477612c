import ArgumentParser
import Glibc
import LoadGenerator
import Primitives

/// The run of the process that was started by hand: it leads, and makes the load itself unless there are workers.
struct LeadingRun {
    let plan: RunPlan
    let options: RunCommand

    func run() throws {
        Interrupts.take()
        let processors = try options.generatorOptions.processors()
        let origin = makeOrigin()
        let board = try Board(laneCount: plan.laneCount, shopCount: plan.population.shopCount)
        board.beganAt = Coordinator.now
        let coordinator = Coordinator(
            plan: plan, board: board, connectMax: .milliseconds(Int64(options.generatorOptions.connectTime * 1_000)),
            hold: .milliseconds(Int64(options.generatorOptions.hold * 1_000)))
        let lanes = LaneThreads(plan: plan, board: board, lanes: 0..<plan.laneCount, processors: processors)
        coordinator.lead(isInterrupted: { Interrupts.areRequested }, watch: { _ in }, held: {})
        let (measurements, failures) = lanes.join()
        for failure in failures { fail(failure) }
        guard !measurements.isEmpty else { throw ExitCode.failure }
        let report = RunReport(
            plan: plan, phases: coordinator.phases(), lanes: measurements, process: 0, origin: origin)
        print(report.debugLine)
    }

    private func fail(_ text: String) {
        _ = FileBytes.write(Array("shopload: \(text)\n".utf8), to: 2)
    }

    private func makeOrigin() -> RunOrigin {
        RunOrigin(
            commit: options.outputOptions.commit ?? "", startedAt: WallTime.now.rfc3339,
            command: CommandLine.arguments.joined(separator: " "), target: options.targetOptions.url,
            pinning: options.generatorOptions.cpus, loadAverageBefore: Environment.loadAverage)
    }
}

/// The time of day.
enum WallTime {
    static var now: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}

struct WorkerRun {
    let plan: RunPlan
    let options: RunCommand
    let worker: Int
    func run() throws {}
}
