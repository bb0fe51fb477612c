import Glibc
import Primitives
import Synchronization

extension Reactor {
    /// Runs the loop until `stop`, on the reactor's own thread, then frees the driver.
    public func run() {
        while !isStopping.load(ordering: .relaxed) { turn() }
        // What the last turn queued, wakes of other reactors among it: they would wait for ever.
        driver.submit()
        releaseRest(isQuiet: driver.shutDown())
    }

    /// Frees what operations owned that have ended with the driver.
    private func releaseRest(isQuiet: Bool) {
        if isQuiet {
            for send in sends.values { send.deallocate() }
        } else {
            // The kernel may read them yet.
            statistics.abandonedSendCount += UInt64(sends.count)
        }
        sends.removeAll()
        connectTokens.removeAll()
        // A connection that came but was not handled is closed with the ring's table; its parcel ends here. One that
        // is on its way to another reactor is that one's.
        parcels.removeAll()
        passes.removeAll()
    }

    /// Ends `run` after the current turn. Any thread.
    public func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        waker.wake()
    }

    /// One turn: submit and wait, record the completions, then handle within budgets what there is: completions,
    /// messages, timers, jobs; last the handler's own `turnEnded`.
    public func turn() {
        precondition(isCurrent, "a reactor's turn came from another thread")
        if isWorkLeft {
            driver.submitAndWait(until: .init(nanoseconds: 0))
        } else {
            waitForWork()
        }
        now = driver.now
        statistics.turnCount += 1
        record()
        handleCompletions()
        handleMessages()
        fireTimers()
        runJobs()
        leftover = handler.turnEnded()
    }

    /// The lost wake-up is excluded as in Dekker's algorithm: this side says that it sleeps, then looks; the other
    /// side puts, then looks whether this one sleeps. All four are sequentially consistent.
    private func waitForWork() {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if mailbox.isEmpty && inbox.isEmpty && !isStopping.load(ordering: .sequentiallyConsistent) {
            let before = driver.now
            var deadline = wheel.nextDeadline
            if let retryAt = listener.retryAt { deadline = min(deadline ?? retryAt, retryAt) }
            if let turnWantedAt { deadline = min(deadline ?? turnWantedAt, turnWantedAt) }
            driver.submitAndWait(until: deadline)
            statistics.waitNanoseconds += driver.now.nanoseconds - before.nanoseconds
        } else {
            driver.submitAndWait(until: .init(nanoseconds: 0))
        }
        isAsleep.store(false, ordering: .relaxed)
    }

    private var isWorkLeft: Bool {
        leftover || !recorded.isEmpty || jobIndex < jobs.count || !refusedConnectTokens.isEmpty
    }

    // MARK: - Completions

    /// Takes all completions from the driver. Those of attempts are told at once: the hub must know who fell short
    /// before it sends again; everything else waits its turn in `recorded`.
    func record() {
        precondition(!isRecording, "attempts are submitted from within a report of attempts")
        isRecording = true
        defer { isRecording = false }
        while true {
            // SAFETY: the driver fills `count` elements of the room; `kept` never passes `index`, which is below that.
            let room = unsafe recorded.room()
            let count = unsafe driver.drain(into: room)
            var kept = 0
            for index in 0..<count {
                let completion = unsafe room[index]
                switch completion.tag.operation {
                case .attempt, .attemptQuiet:
                    attemptCompleted(completion)
                case .accept, .receive, .send, .poll, .shutdown, .cancel, .close, .pass, .arrival, .wake, .wakeRead,
                    .peerAddress, .install, .connect, .connectCancel, .descriptorPoll, nil:
                    unsafe room[kept] = completion
                    kept += 1
                }
            }
            recorded.append(count: kept)
            if count < room.count { break }
        }
    }

    private func attemptCompleted(_ completion: Completion) {
        let connection = completion.tag.connection
        guard descriptors.isLive(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        let isQuiet = completion.tag.operation == .attemptQuiet
        if !isQuiet { descriptors[connection].operationCount -= 1 }
        guard isOpen(connection) else {
            finishIfIdle(connection)
            return
        }
        switch completion.result {
        case 0...:
            deliverAttempt(connection, isQuiet: isQuiet, byteCount: Int(completion.result))
        case -EAGAIN, -EINTR, -ENOBUFS, -ENOMEM:
            deliverAttempt(connection, isQuiet: isQuiet, byteCount: 0)
        default:
            handler.attemptFailed(connection, errnoValue: -completion.result)
        }
    }

    private func deliverAttempt(_ connection: ConnectionID, isQuiet: Bool, byteCount: Int) {
        if isQuiet {
            handler.attemptFellShort(connection, byteCount: byteCount)
        } else {
            handler.attemptCompleted(connection, byteCount: byteCount)
        }
    }

    private func handleCompletions() {
        var budget = limits.completionBudgetPerTurn
        while budget > 0, let completion = recorded.popFirst() {
            budget -= 1
            statistics.completionCount += 1
            handle(completion)
        }
        tellRefusedConnects()
        if let retryAt = listener.retryAt, retryAt <= now {
            listener.retryAt = nil
            acceptIfRoom()
        }
    }

    private func handle(_ completion: Completion) {
        switch completion.tag.operation {
        case .accept: accepted(completion)
        case .arrival: arrived(completion)
        case .receive: received(completion)
        case .send: sent(completion)
        case .poll, .shutdown, .peerAddress: operationEnded(completion)
        case .pass: passed(completion)
        case .close: closed(completion)
        case .cancel, .wakeRead: break
        case .wake: if completion.result < 0 { wakeFailed(completion) }
        case .install: installed(completion)
        case .connect: connected(completion)
        case .connectCancel: connectCancelled(completion)
        case .descriptorPoll:
            if completion.result != -ECANCELED { handler.descriptorReady(completion.tag.descriptorPollNumber) }
        case .attempt, .attemptQuiet, nil: statistics.staleCompletionCount += 1
        }
    }

    /// The kernel had no memory for the wake, or the other ring is gone: its event descriptor cannot fail.
    @inline(never)
    private func wakeFailed(_ completion: Completion) {
        statistics.wakeFailureCount += 1
        driver.wakeFailed(completion.tag)
    }

    // MARK: - Messages, timers, jobs

    private func handleMessages() {
        var budget = limits.mailboxBudgetPerTurn
        while budget > 0, let message = mailbox.pop() {
            budget -= 1
            handler.messageReceived(message)
        }
    }

    private func fireTimers() {
        guard let deadline = wheel.nextDeadline, deadline <= now else { return }
        wheel.advance(to: now, budget: limits.timerBudgetPerTurn) { dueTokens.append($0) }
        // A timer that the handler cancels from here on still fires: tokens name what they are for, and the handler
        // looks whether it is still true.
        for index in dueTokens.indices { handler.timerFired(dueTokens[index]) }
        dueTokens.removeAll(keepingCapacity: true)
    }

    private func runJobs() {
        inbox.takeAll { jobs.append($0) }
        var budget = limits.jobBudgetPerTurn
        while budget > 0 && jobIndex < jobs.count {
            budget -= 1
            let job = jobs[jobIndex]
            jobIndex += 1
            statistics.jobCount += 1
            // SAFETY: a job is run once, as `jobIndex` has passed it, and on the reactor's own thread.
            unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        if jobIndex == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            jobIndex = 0
        } else if jobIndex > 4_096 {
            jobs.removeFirst(jobIndex)
            jobIndex = 0
        }
    }
}
