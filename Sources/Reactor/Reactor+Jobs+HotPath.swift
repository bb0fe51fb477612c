import Primitives

extension Reactor {
    /// Lets a task of the pool handle an item. The task runs up to its first suspension before this returns, unless
    /// other jobs wait, a job is running or the turn's time for jobs is over: then its job is queued. On the reactor's
    /// thread.
    public func start<Item>(_ item: Item, in tasks: TaskPool<Item>) {
        precondition(isCurrent, "an item is handled on its reactor's thread")
        isStarting = true
        tasks.assign(item)
        isStarting = false
        guard !isRunningJob, let (job, task) = jobs.takeOnlyJob() else { return }
        let before = driver.now
        run(job)
        jobs.ended(task: task, nanoseconds: driver.now.since(before).wholeNanoseconds)
    }

    /// Runs the jobs that are queued now. Jobs that they queue, their own continuations included, run in the next turn.
    func runJobs() {
        inbox.takeAll { enqueueHere($0) }
        jobs.beginTurn()
        if jobs.count > 0 {
            var before = driver.now
            while let (job, task) = jobs.next() {
                run(job)
                let after = driver.now
                jobs.ended(task: task, nanoseconds: after.since(before).wholeNanoseconds)
                before = after
            }
        }
        jobs.endTurn()
    }

    private func run(_ job: UnownedJob) {
        statistics.jobCount += 1
        isRunningJob = true
        // SAFETY: a job runs once, because the queue has removed it, and on the reactor's own thread.
        unsafe job.runSynchronously(on: executor)
        isRunningJob = false
    }

    /// Queues a job on the reactor's own thread.
    func enqueueHere(_ job: UnownedJob) {
        // SAFETY: only the bits are used, as an identifier: all jobs of a task are the same object of the runtime.
        jobs.append(job, task: unsafe unsafeBitCast(job, to: UInt.self), isFirst: isStarting)
    }
}
