import Synchronization

/// Runs tasks on the thread that calls `run`, so that async code is measured without another thread, as a reactor runs
/// it.
final class CallerExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs `body` as a task until nothing of it is left to run. Stops the process when it waits for something.
    func run(_ body: @escaping @Sendable () async -> Void) {
        let ending = Ending()
        Task(executorPreference: self) {
            await body()
            ending.isReached.store(true, ordering: .relaxed)
        }
        while let job = jobs.withLock({ $0.popLast() }) { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        precondition(ending.isReached.load(ordering: .relaxed), "a benchmark does not wait")
    }

    private final class Ending: Sendable {
        let isReached = Atomic(false)
    }
}
