import Glibc
import Primitives
import Synchronization

extension Reactor {
    /// Runs the loop until `stop`, on the reactor's own thread, then frees the driver.
    public func run() {
        while !isStopping.load(ordering: .relaxed) { turn() }
        // What the last turn queued, including wakes of other reactors, which would otherwise wait without limit.
        driver.submit()
        releaseRest(isQuiet: driver.shutDown())
    }

    /// Frees the memory of operations that ended with the driver.
    private func releaseRest(isQuiet: Bool) {
        if !isQuiet {
            for send in sends.values { send.abandon() }
            statistics.abandonedSendCount += UInt64(sends.count)
        }
        sends.removeAll()
        promptSends.removeAll()
        connectTokens.removeAll()
        // A connection that was transferred here and not handled is closed with the ring's table, and its `Transfer` is
        // released here. One in transfer to another reactor belongs to that reactor.
        incomingTransfers.removeAll()
        outgoingTransfers.removeAll()
    }

    /// Ends `run` after the current turn. Any thread.
    public func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        waker.wake()
    }

    /// One turn: submits and waits, records the completions, then handles within budgets what is pending: completions,
    /// commands, timers, jobs. Last it calls the handler's `turnEnded`.
    public func turn() {
        precondition(isCurrent, "a reactor's turn came from another thread")
        // Set when the last turn found nothing to do: the reactor has then been idle, and was due to look again by this
        // time.
        let idleUntil = idleUntil ?? .init(nanoseconds: 0)
        self.idleUntil = nil
        if isWorkLeft {
            submitWithoutWait(idleUntil: idleUntil)
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
        statistics.phases.ended(.completions, at: driver.now)
        if handleCommands() { statistics.phases.ended(.commands, at: driver.now) }
        if fireTimers() { statistics.phases.ended(.timers, at: driver.now) }
        if runJobs() { statistics.phases.ended(.jobs, at: driver.now) }
        leftover = handler.turnEnded()
        statistics.phases.ended(.flush, at: driver.now)
    }

    /// The turn before has ended.
    private func countLag(until now: MonotonicInstant) {
        statistics.loopLag.turnTook(now.nanoseconds - min(now.nanoseconds, clock.readAt.nanoseconds), until: now)
    }

    /// Excludes the lost wake-up as in Dekker's algorithm: this side stores that it sleeps, then checks for work; the
    /// other side enqueues work, then checks whether this side sleeps. All four accesses are sequentially consistent.
    private func waitForWork(idleUntil: MonotonicInstant) {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if mailbox.isEmpty && inbox.isEmpty && !isStopping.load(ordering: .sequentiallyConsistent) {
            let before = driver.now
            countLag(until: before)
            clock.read(before, expectedAt: idleUntil)
            let deadline = waitDeadline(from: before)
            driver.submitAndWait(until: deadline)
            let after = driver.now
            let end = deadline ?? .init(nanoseconds: .max)
            clock.read(after, expectedAt: end)
            self.idleUntil = end
            statistics.waitNanoseconds += after.nanoseconds - before.nanoseconds
            statistics.phases.ended(.wait, at: after)
        } else {
            submitWithoutWait(idleUntil: idleUntil)
        }
        isAsleep.store(false, ordering: .relaxed)
    }

    private func submitWithoutWait(idleUntil: MonotonicInstant) {
        driver.submitAndWait(until: .init(nanoseconds: 0))
        let now = driver.now
        countLag(until: now)
        clock.read(now, expectedAt: idleUntil)
        statistics.phases.ended(.submit, at: now)
    }

    /// The time until which the reactor itself has nothing to do, on the driver's clock; nil without limit.
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
        leftover || !recorded.isEmpty || jobs.count > 0 || !waitingWork.isEmpty || !promptSends.isEmpty
            || !refusedConnectTokens.isEmpty
    }

    // MARK: - Completions

    /// Takes all completions from the driver. Those of `trySend` and `trySendInGroup` are reported at once, because the
    /// hub must know which sends were short before it sends again. All others wait in `recorded`.
    func record() {
        precondition(!isRecording, "a submit from within the report of a send")
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
                case .trySend, .trySendInGroup:
                    trySendEnded(completion)
                case .promptSend:
                    promptSendWasShort(completion)
                case .accept, .receive, .send, .pollWritable, .shutdown, .cancel, .close, .transfer, .transferReceived,
                    .wake,
                    .wakeRead, .peerAddress, .install, .connect, .connectCancel, .descriptorPoll, nil:
                    if completion.bufferIndex != nil { heldReceiveBufferCount += 1 }
                    unsafe room[kept] = completion
                    kept += 1
                }
            }
            recorded.append(count: kept)
            recordedCount += UInt64(kept)
            statistics.pendingCompletionCountMax = max(statistics.pendingCompletionCountMax, recorded.count)
            statistics.heldReceiveBufferCountMax = max(
                statistics.heldReceiveBufferCountMax, heldReceiveBufferCount)
            if count < room.count { break }
        }
    }

    private func trySendEnded(_ completion: Completion) {
        let connection = completion.tag.connection
        guard descriptors.isLive(connection) else {
            statistics.staleCompletionCount += 1
            return
        }
        let isInGroup = completion.tag.operation == .trySendInGroup
        if !isInGroup { descriptors[connection].operationCount -= 1 }
        guard isOpen(connection) else {
            finishIfIdle(connection)
            return
        }
        switch completion.result {
        case 0...:
            reportTrySend(connection, isInGroup: isInGroup, byteCount: Int(completion.result))
        case -EAGAIN, -EINTR, -ENOBUFS, -ENOMEM:
            reportTrySend(connection, isInGroup: isInGroup, byteCount: 0)
        default:
            handler.sendFailed(connection, errnoValue: -completion.result)
        }
    }

    private func reportTrySend(_ connection: ConnectionID, isInGroup: Bool, byteCount: Int) {
        if isInGroup {
            handler.shortSend(connection, byteCount: byteCount)
        } else {
            handler.sendCompleted(connection, byteCount: byteCount)
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
        case .transferReceived: transferReceived(completion)
        case .receive: received(completion)
        case .send: sent(completion)
        case .pollWritable, .shutdown, .peerAddress: operationEnded(completion)
        case .transfer: transferEnded(completion)
        case .close: closed(completion)
        case .cancel, .wakeRead: break
        case .wake: if completion.result < 0 { wakeFailed(completion) }
        case .install: installed(completion)
        case .connect: connected(completion)
        case .connectCancel: connectCancelled(completion)
        case .descriptorPoll:
            if completion.result != -ECANCELED { handler.descriptorReady(completion.tag.descriptorPollNumber) }
        case .trySend, .trySendInGroup, .promptSend, nil: statistics.staleCompletionCount += 1
        }
    }

    /// The kernel had no memory for the wake, or the other ring is gone. The other reactor's event descriptor cannot
    /// fail.
    @inline(never)
    private func wakeFailed(_ completion: Completion) {
        statistics.wakeFailureCount += 1
        driver.wakeFailed(completion.tag)
    }

    // MARK: - Commands, timers, jobs

    /// False when there was none.
    private func handleCommands() -> Bool {
        var budget = limits.mailboxBudgetPerTurn
        while budget > 0, let command = mailbox.pop() {
            budget -= 1
            handler.commandReceived(command)
        }
        return budget < limits.mailboxBudgetPerTurn
    }

    /// False when none was due.
    private func fireTimers() -> Bool {
        let time = timerGate.openUntil(
            due: wheel.nextDeadline, now: now, recordedCount: recordedCount, handledCount: statistics.completionCount,
            hasShortage: hasBufferShortage)
        guard let time else { return false }
        wheel.advance(to: time, budget: limits.timerBudgetPerTurn) { dueTokens.append($0) }
        // A timer that the handler cancels from here on still fires: a token names its purpose, and the handler checks
        // whether that still applies.
        for index in dueTokens.indices { handler.timerFired(dueTokens[index]) }
        defer { dueTokens.removeAll(keepingCapacity: true) }
        return !dueTokens.isEmpty
    }
}
