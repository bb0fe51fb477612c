import Glibc
import Primitives
import Reactor

// Fifty times a second: reads the board, publishes the lane's counts, and does what is due without precise timing.

extension Lane {
    func tick() {
        let now = reactor.io.now
        reopen(now)
        switch phase {
        case .connecting: connectingTick(now)
        case .ready: sendingTick(now)
        case .posted: drainingTick(now)
        case .complete: if board.isOver { finish(now) }
        case .finished: break
        }
        publish()
    }

    private func advance(to next: Board.Phase) {
        phase = next
        // The counters are published before the phase.
        publish()
        board.setPhase(next, ofLane: index)
    }

    private func publish() {
        board.set(.openStreams, UInt64(openCount), ofLane: index)
        board.set(.delivered, checker.counts.delivered, ofLane: index)
        board.set(.posted, UInt64(measurements.counters.requestsSent), ofLane: index)
        board.set(.refused, UInt64(measurements.counters.refused), ofLane: index)
        board.set(.connectFailures, UInt64(measurements.givenUpCount), ofLane: index)
        board.set(.backlog, UInt64(posters.reduce(0) { $0 + $1.backlog.count }), ofLane: index)
        board.set(.faults, checker.counts.faults, ofLane: index)
    }

    private func reopen(_ now: MonotonicInstant) {
        renewTokens(now)
        reopenPosters(now)
        askAgain(now)
        reconnect(now)
        giveUpLateHandshakes(now)
        disturbances.closing.removeAll { stream, connection, deadline in
            guard streams[Int(stream)].phase == .closing, streams[Int(stream)].connection == connection else {
                return true
            }
            guard deadline <= now else { return false }
            leave(Int(stream))
            reactor.close(connection)
            return true
        }
        let later = disturbances.reopenLater
        disturbances.reopenLater.removeAll(keepingCapacity: true)
        for stream in later {
            if streams[Int(stream)].phase == .idle {
                toOpen.append(stream)
            } else {
                disturbances.reopenLater.append(stream)
            }
        }
        openStreams()
    }

    private func connectingTick(_ now: MonotonicInstant) {
        let isConnected =
            toOpen.isEmpty && connectingCount == 0 && disturbances.reopenLater.isEmpty
            && posters.allSatisfy { !$0.isOpening }
        if isConnected || board.isStopping { advance(to: .ready) }
    }

    // MARK: - Sending

    private func sendingTick(_ now: MonotonicInstant) {
        guard let startAt = board.startAt else { return }
        let steadyStart = startAt + plan.scenario.warmUp
        let end = steadyStart + plan.scenario.steady
        if !disturbances.hasBegun {
            disturbances.hasBegun = true
            steady = steadyStart.nanoseconds..<end.nanoseconds
            if !board.isStopping, let shopShare {
                source = RequestSource(
                    scenario: plan.scenario, population: plan.population, lane: shopShare.index,
                    laneCount: shopShare.count, start: startAt, seed: plan.seed &+ UInt64(index))
            }
        }
        if board.isStopping, disturbances.sendingEndedAt == nil {
            source = nil
            steady = steady.clamped(to: 0..<max(now.nanoseconds, 1))
            disturbances.sendingEndedAt = now
        }
        watchBusyTime(now)
        disturb(now)
        if now >= end, source?.next == nil, disturbances.sendingEndedAt == nil { disturbances.sendingEndedAt = now }
        guard let endedAt = disturbances.sendingEndedAt else { return }
        let isLate = now.since(endedAt) > plan.scenario.drainMax
        let isQuiet =
            isEveryRequestAnswered && disturbances.isQuiet(connectingCount, toOpen.count) && reconnects.count == 0
            && catchUps.asks.isEmpty
        guard isLate || isQuiet else { return }
        abandonRequests()
        advance(to: .posted)
        for stream in streams.indices where streams[stream].isSlow && streams[stream].phase == .open {
            reactor.receive(streams[stream].connection, isMultishot: false)
        }
    }

    private func watchBusyTime(_ now: MonotonicInstant) {
        guard now.nanoseconds >= steady.lowerBound else { return }
        let reading = BusyReading(
            at: now, cpuNanoseconds: Self.threadNanoseconds, waitNanoseconds: reactor.statistics.waitNanoseconds)
        guard let first = disturbances.busyAtStart else {
            disturbances.busyAtStart = reading
            return
        }
        guard now.nanoseconds < steady.upperBound || measurements.wallSeconds == 0 else { return }
        let wall = Double(now.since(first.at).wholeNanoseconds) / 1e9
        let waited = Double(reading.waitNanoseconds - first.waitNanoseconds) / 1e9
        let used = Double(reading.cpuNanoseconds - first.cpuNanoseconds) / 1e9
        measurements.wallSeconds = wall
        // The wait includes work that the kernel does in it, and the CPU time excludes the time that the thread waited
        // for the processor. The greater of the two is the time that it was not idle.
        measurements.busySeconds = max(used, wall - waited)
    }

    private static var threadNanoseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: - The end

    private func drainingTick(_ now: MonotonicInstant) {
        guard let drainUntil = board.drainUntil else { return }
        if now >= drainUntil || isEverythingDelivered { advance(to: .complete) }
    }

    private var isEverythingDelivered: Bool {
        streams.indices.allSatisfy { stream in
            if streams[stream].phase != .open || streams[stream].isSlow { return true }
            var isComplete = true
            forEachChannel(of: stream) { channel, place, order in
                let end = board.issued(ofChannel: channel) + 1
                isComplete = isComplete && checker.isComplete(place: place, order: order, end: end)
            }
            return isComplete
        }
    }

    private func finish(_ now: MonotonicInstant) {
        let unacknowledged = board.unacknowledged()
        for stream in streams.indices
        where (streams[stream].phase == .open || streams[stream].phase == .closing) && !streams[stream].isSlow {
            forEachChannel(of: stream) { channel, place, order in
                checker.settle(
                    place: place, order: order, end: board.issued(ofChannel: channel) + 1,
                    unacknowledged: unacknowledged[channel] ?? [])
            }
        }
        settleMissed()
        checker.settleSuspended { unacknowledged[$0] ?? [] }
        measurements.counters.notBack = streams.count { $0.isReconnecting }
        measurements.advance(to: now, openCount: openCount, awayCount: awayCount)
        measurements.close(openCount, awayCount)
        let counts = checker.counts
        measurements.counters.expectedDeliveries = Int(counts.expected)
        measurements.counters.delivered = Int(counts.delivered)
        measurements.counters.caughtUp = Int(counts.caughtUp)
        measurements.counters.lost = Int(counts.lost)
        measurements.counters.duplicated = Int(counts.duplicated)
        measurements.counters.outOfOrder = Int(counts.outOfOrder)
        measurements.counters.foreign = Int(counts.foreign)
        measurements.counters.corruptFrames = Int(counts.corrupt)
        measurements.counters.cutFrames = Int(counts.cut)
        measurements.counters.unmarkedFrames = Int(counts.unmarked)
        advance(to: .finished)
    }
}
