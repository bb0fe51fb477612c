import ArgumentParser
import Glibc
import LoadGenerator
import Primitives

/// The run of the process that the user started: it coordinates, watches and reports, and makes the load itself unless
/// there are workers.
struct LeadingRun {
    let plan: RunPlan
    let options: any RunOptions
    /// Called twenty times a second.
    var observe: (MonotonicInstant) -> Void = { _ in }

    func run() throws -> RunReport {
        let startedAt = WallTime.now.rfc3339
        let loadAverage = Environment.loadAverage
        let board = try Board(laneCount: plan.laneCount, channelCount: plan.channelCount)
        board.beganAt = Coordinator.now
        let watch = try serverWatch(board)
        watch?.sampleKernel(.before, openConnections: 0)
        let coordinator = options.coordinator(plan, board)
        let origin = options.origin(startedAt: startedAt, loadAverage: loadAverage)
        let processes = options.generatorOptions.processes
        var display = ProgressDisplay(
            isQuiet: options.outputOptions.quiet, meter: ProgressMeter(plan: plan, board: board))

        let threads: LaneThreads?
        var workers: [Worker] = []
        if processes == 1 {
            threads = LaneThreads(
                plan: plan, board: board, lanes: 0..<plan.laneCount,
                processors: try options.generatorOptions.processors())
        } else {
            threads = nil
            for index in 0..<processes {
                workers.append(
                    try Worker(index, lanes: options.lanes(ofProcess: index, plan), run: plan.run, board, startedAt))
            }
        }
        coordinator.lead(
            isInterrupted: { Interrupts.areRequested },
            watch: { stage in
                for index in workers.indices { workers[index].noticeEnd(board) }
                watch?.watch(Coordinator.now)
                observe(Coordinator.now)
                display.show(stage)
            },
            held: { watch?.sampleKernel(.hold, openConnections: Int(board.total(.openStreams))) })
        display.end()
        var reports: [RunReport] = []
        if let threads {
            let (measurements, failures) = threads.join()
            try refuse(failures)
            reports = [
                RunReport(
                    plan: plan, phases: coordinator.phases(), lanes: measurements, process: 0,
                    processors: try options.generatorOptions.processors(), origin: origin)
            ]
        }
        for worker in workers { reports.append(try worker.report()) }
        watch?.sampleKernel(.after, openConnections: 0)
        return try RunReport.merge(reports).watched(by: watch)
    }

    /// Waits one second between two runs of a process: a server that has not yet seen the end of all streams of the
    /// previous run refuses some of their users' next ones.
    static func pauseForServer() { sleep(1) }

    private func serverWatch(_ board: Board) throws -> ServerWatch? {
        guard let process = options.outputOptions.serverPid else { return nil }
        guard
            let watch = ServerWatch(
                processID: process, reactorCount: options.outputOptions.serverReactors, beganAt: board.beganAt)
        else { throw ValidationError("--server-pid \(process): there is no such process") }
        return watch
    }

    private func refuse(_ failures: [String]) throws {
        guard let first = failures.first else { return }
        StandardError.line(first)
        throw ExitCode.failure
    }
}

/// The time of day.
enum WallTime {
    static var now: Timestamp {
        var time = timespec()
        // SAFETY: the call fills the local.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}

/// Lines for people, separate from the results.
enum StandardError {
    static func line(_ text: String) {
        _ = FileBytes.write(Array("shopload: \(text)\n".utf8), to: 2)
    }
}
