import Primitives

extension Reactor {
    /// Lets a task of the pool handle an item. The task runs up to its first suspension before this returns, unless
    /// jobs or other items wait, a job is running, or the turn's time for jobs is over. Then the item waits, and is
    /// handled after the jobs of this turn or a later one. On the reactor's thread.
    public func start<Item>(_ item: Item, in tasks: TaskPool<Item>) {
        precondition(isCurrent, "an item is handled on its reactor's thread")
        guard !isRunningJob, waitingWork.isEmpty, jobs.isShortLaneEmpty, jobs.hasTime else {
            tasks.append(item)
            if !waitingWork.contains(where: { $0 === tasks }) { waitingWork.append(tasks) }
            return
        }
        runStarted { tasks.assign(item) }
    }

    /// Runs the jobs that are queued now, then items that wait, one at least. Jobs that they queue, their own
    /// continuations included, run in the next turn. False when there was nothing to run.
    @discardableResult
    func runJobs() -> Bool {
        inbox.takeAll { enqueueHere($0) }
        jobs.beginTurn()
        let hasWork = jobs.count > 0 || !waitingWork.isEmpty
        if jobs.count > 0 {
            var before = driver.now
            while let (job, task) = jobs.next() {
                run(job)
                let after = driver.now
                jobs.ended(task: task, nanoseconds: after.since(before).wholeNanoseconds)
                before = after
            }
        }
        if !waitingWork.isEmpty { startWaitingWork() }
        jobs.endTurn()
        return hasWork
    }

    private func startWaitingWork() {
        repeat {
            let work = waitingWork[0]
            runStarted { work.assignNext() }
            // Its item may have started another one.
            if !work.hasItem { waitingWork.removeFirst() }
        } while !waitingWork.isEmpty && jobs.hasTime
    }

    /// Runs the job that `makeReady` queues.
    private func runStarted(_ makeReady: () -> Void) {
        isStarting = true
        makeReady()
        isStarting = false
        guard let job = startedJob.take() else { preconditionFailure("no task of this reactor was made ready") }
        let before = driver.now
        run(job)
        jobs.started(task: identifier(of: job), nanoseconds: driver.now.since(before).wholeNanoseconds)
    }

    private func run(_ job: UnownedJob) {
        statistics.jobCount += 1
        isRunningJob = true
        // SAFETY: a job runs once, because the queue has removed it, and on the reactor's own thread.
        unsafe job.runSynchronously(on: taskExecutor)
        isRunningJob = false
    }

    /// Made once, because the conformance is looked up at run time.
    private var taskExecutor: UnownedTaskExecutor {
        // SAFETY: as in `asUnownedTaskExecutor`.
        if let executor = unsafe executor { return unsafe executor }
        let made = unsafe asUnownedTaskExecutor()
        unsafe executor = made
        return unsafe made
    }

    /// Queues a job on the reactor's own thread.
    func enqueueHere(_ job: UnownedJob) {
        if isStarting { startedJob = job } else { jobs.append(job, task: identifier(of: job)) }
    }

    /// All jobs of a task are the same object of the runtime.
    private func identifier(of job: UnownedJob) -> UInt {
        // SAFETY: only the bits are used, as an identifier.
        unsafe unsafeBitCast(job, to: UInt.self)
    }
}
