import Primitives

extension Reactor {
    /// Runs the jobs that are queued now. Jobs that they queue, their own continuations included, run in the next turn.
    func runJobs() {
        inbox.takeAll { enqueueHere($0) }
        guard jobs.count > 0 else { return }
        jobs.beginTurn()
        var before = driver.now
        while let (job, task) = jobs.next() {
            statistics.jobCount += 1
            // SAFETY: a job runs once, because the queue has removed it, and on the reactor's own thread.
            unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            let after = driver.now
            jobs.ended(task: task, nanoseconds: after.since(before).wholeNanoseconds)
            before = after
        }
        jobs.endTurn()
    }

    /// Queues a job on the reactor's own thread.
    func enqueueHere(_ job: UnownedJob) {
        // SAFETY: only the bits are used, as an identifier: all jobs of a task are the same object of the runtime.
        jobs.append(job, task: unsafe unsafeBitCast(job, to: UInt.self))
    }
}
