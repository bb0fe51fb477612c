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
        // Nothing was to be done in the last turn: until now the reactor waited for nothing else.
        let idleUntil = idleUntil ?? .init(nanoseconds: 0)
        self.idleUntil = nil
        if isWorkLeft {
            driver.submitAndWait(until: .init(nanoseconds: 0))
            clock.read(driver.now, expectedAt: idleUntil)
        } else {
            waitForWork(idleUntil: idleUntil)
        }
        statistics.turnCount += 1
        statistics.pausedNanoseconds = clock.pausedNanoseconds
        statistics.pauseCount = clock.pauseCount
        let recordedBefore = recordedCount
        record()
        if recordedCount != recordedBefore { self.idleUntil = nil }
        handleCompletions()
        handleMessages()
        fireTimers()
        runJobs()
        leftover = handler.turnEnded()
    }

    /// The lost wake-up is excluded as in Dekker's algorithm: this side says that it sleeps, then looks; the other
    /// side puts, then looks whether this one sleeps. All four are sequentially consistent.
    private func waitForWork(idleUntil: MonotonicInstant) {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if mailbox.isEmpty && inbox.isEmpty && !isStopping.load(ordering: .sequentiallyConsistent) {
            let before = driver.now
            clock.read(before, expectedAt: idleUntil)
            let deadline = waitDeadline(from: before)
            driver.submitAndWait(until: deadline)
            let after = driver.now
            let end = deadline ?? .init(nanoseconds: .max)
            clock.read(after, expectedAt: end)
            self.idleUntil = end
            statistics.waitNanoseconds += after.nanoseconds - before.nanoseconds
        } else {
            driver.submitAndWait(until: .init(nanoseconds: 0))
            clock.read(driver.now, expectedAt: idleUntil)
        }
        isAsleep.store(false, ordering: .relaxed)
    }

    /// Until when there is nothing to do by itself, on the driver's clock; nil without end.
    private func waitDeadline(from now: MonotonicInstant) -> MonotonicInstant? {
        var deadline = wheel.nextDeadline.map { clock.monotonic($0) }
        if let retryAt = listeners.retryAt {
            let retryAt = clock.monotonic(retryAt)
            deadline = min(deadline ?? retryAt, retryAt)
        }
        if let turnWantedAt { deadline = min(deadline ?? turnWantedAt, turnWantedAt) }
        if let waitSpanMax = limits.waitSpanMax {
            let latest = now + waitSpanMax
            deadline = min(deadline ?? latest, latest)
        }
        return deadline
    }

    private var isWorkLeft: Bool {
        leftover || !recorded.isEmpty || jobs.count > 0 || !refusedConnectTokens.isEmpty
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
            recordedCount += UInt64(kept)
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
        hasBufferShortage = false
        while budget > 0, let completion = recorded.popFirst() {
            budget -= 1
            statistics.completionCount += 1
            handle(completion)
        }
        tellRefusedConnects()
        retryAccepts()
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
        let time = timerGate.openUntil(
            due: wheel.nextDeadline, now: now, recordedCount: recordedCount, handledCount: statistics.completionCount,
            hasShortage: hasBufferShortage)
        guard let time else { return }
        wheel.advance(to: time, budget: limits.timerBudgetPerTurn) { dueTokens.append($0) }
        // A timer that the handler cancels from here on still fires: tokens name what they are for, and the handler
        // looks whether it is still true.
        for index in dueTokens.indices { handler.timerFired(dueTokens[index]) }
        dueTokens.removeAll(keepingCapacity: true)
    }
}
