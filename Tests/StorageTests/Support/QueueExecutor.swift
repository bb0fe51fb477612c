import Dispatch

/// A task executor on one serial queue, instead of a reactor.
final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "reactor")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Stops the process unless the caller runs here.
    func preconditionIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
