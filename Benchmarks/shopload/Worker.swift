import ArgumentParser
import Glibc
import LoadGenerator
import Primitives
import Reactor

/// A process that makes a part of the load: this program again, with the same arguments and a few more. It inherits the
/// board, and a pipe for its report.
struct Worker {
    private let index: Int
    private let lanes: Range<Int>
    private let process: pid_t
    private let pipe: Int32
    private var hasEnded = false

    /// Starts a worker.
    init(_ index: Int, lanes: Range<Int>, run: UInt32, _ board: Board, _ startedAt: String) throws {
        self.index = index
        self.lanes = lanes
        var ends: [Int32] = [-1, -1]
        // SAFETY: the call fills the two elements.
        guard unsafe Glibc.pipe(&ends) == 0 else { throw ValidationError("no pipe can be made (errno \(errno))") }
        pipe = ends[0]
        // Only this process has the reading end.
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        defer { close(ends[1]) }
        let arguments =
            CommandLine.arguments + [
                "--worker", "\(index)", "--run", "\(run)", "--board", "\(board.descriptor)", "--results", "\(ends[1])",
                "--started-at", startedAt,
            ]
        // SAFETY: the strings and the array of their pointers outlive the call, which copies them.
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer {
            var next = 0
            while next < arguments.count {
                unsafe free(pointers[next])
                next += 1
            }
        }
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, "/proc/self/exe", nil, nil, pointers, environ)
        guard status == 0 else { throw ValidationError("a worker does not start (errno \(status))") }
        self.process = process
    }

    /// Checks whether the worker has ended before its lanes; the run then continues without it.
    mutating func noticeEnd(_ board: Board) {
        guard !hasEnded else { return }
        var status: Int32 = 0
        // SAFETY: the call fills the local.
        guard unsafe waitpid(process, &status, WNOHANG) == process else { return }
        hasEnded = true
        for lane in lanes where board.phase(ofLane: lane) != .finished {
            board.isStopping = true
            board.setPhase(.finished, ofLane: lane)
        }
    }

    /// The report that the worker writes at its end. Blocks until it arrives.
    func report() throws -> RunReport {
        guard let json = FileBytes.read("/proc/self/fd/\(pipe)"), !json.isEmpty else {
            throw ValidationError("worker \(index) ended without a report; its reason stands above")
        }
        close(pipe)
        if !hasEnded {
            var status: Int32 = 0
            // SAFETY: the call fills the local.
            unsafe waitpid(process, &status, 0)
        }
        return try ReportFile(json: json).report
    }
}

/// The run of a worker: lanes, and a report through the pipe.
struct WorkerRun {
    let plan: RunPlan
    let options: any RunOptions
    let index: Int

    /// Watches for the end of the leading process: without it nothing would end the run.
    private func endWithLeader() {
        let leader = getppid()
        _ = ReactorThread(name: "leader-watch") {
            while getppid() == leader { usleep(500_000) }
            _exit(1)
        }
    }

    func run() throws {
        Interrupts.ignore()
        endWithLeader()
        let loadAverage = Environment.loadAverage
        guard let descriptor = options.workerOptions.board, let results = options.workerOptions.results else {
            throw ValidationError("--worker is for the leading process to say")
        }
        let board = try Board(
            descriptor: descriptor, laneCount: plan.laneCount, channelCount: plan.channelCount)
        let lanes = LaneThreads(
            plan: plan, board: board, lanes: options.lanes(ofProcess: index, plan),
            processors: try options.generatorOptions.processors())
        let (measurements, failures) = lanes.join()
        if let first = failures.first {
            StandardError.line(first)
            throw ExitCode.failure
        }
        let report = RunReport(
            plan: plan, phases: options.coordinator(plan, board).phases(), lanes: measurements, process: index,
            processors: try options.generatorOptions.processors(),
            origin: options.origin(
                startedAt: options.workerOptions.startedAt ?? "", loadAverage: loadAverage))
        guard FileBytes.write(try ReportFile(report).json(), to: results) else { throw ExitCode.failure }
    }
}
