public import Primitives

extension HubShard {
    /// Whether a flush has something to send.
    public var needsFlush: Bool { !dirty.isEmpty || !endingReady.isEmpty }

    /// Sends their pending messages to all subscribers that are not blocked, within the budget. The next flush
    /// continues where this one ended.
    ///
    /// Topics are served by deficit round robin. Each time, a topic may send one quantum, `HubLimits.quantumByteCount`
    /// bytes: at most half of it goes to trailing subscribers before the current ones are served, so that neither kind
    /// waits for all of the other. All current subscribers get the same range in one sweep. Messages published during a
    /// sweep belong to the next one. No subscriber gets two sends in one flush, because the first may be short.
    ///
    /// Call `submitted` after it. `now` may be the time at which the turn began, and never goes back. O(sends);
    /// allocates nothing in the steady state.
    public mutating func flush<Sink: HubSink & ~Copyable>(
        at now: MonotonicInstant, budget: inout FlushBudget, into sink: inout Sink
    ) {
        precondition(!isAwaitingSubmission, "the last flush was not submitted")
        flushNumber &+= 1
        deliveryPeriod = Topic.deliveryPeriod(at: now)
        flushEnding(sendCountMax: max(1, budget.sendCount / 4), budget: &budget, into: &sink)
        while !budget.isSpent, let log = dirty.popFirst(in: logs) {
            spendQuantum(log, budget: &budget, into: &sink)
            requeue(log)
        }
        flushEnding(sendCountMax: .max, budget: &budget, into: &sink)
        dirty.append(contentsOf: &held, in: &logs)
        if !isAwaitingSubmission { trimTouched() }
    }

    /// Detached subscribers belong to no shop. They get a part of the budget before the topics, and the rest after
    /// them.
    private mutating func flushEnding<Sink: HubSink & ~Copyable>(
        sendCountMax: Int, budget: inout FlushBudget, into sink: inout Sink
    ) {
        var sendCount = 0
        while sendCount < sendCountMax, !budget.isSpent, !endingReady.isEmpty {
            sendOutbox(endingReady.first, budget: &budget, into: &sink)
            sendCount += 1
        }
    }

    private mutating func spendQuantum<Sink: HubSink & ~Copyable>(
        _ log: SlabIndex<TopicLog>, budget: inout FlushBudget, into sink: inout Sink
    ) {
        startSweep(log)
        logs[log].deficitByteCount = min(logs[log].deficitByteCount, 0) + limits.quantumByteCount
        if logs[log].deficitByteCount <= 0 { return }
        let reserve = logs[log].deficitByteCount / 2
        sendToTrailing(log, untilDeficit: reserve, budget: &budget, into: &sink)
        sendToCurrent(log, budget: &budget, into: &sink)
        sendToTrailing(log, untilDeficit: 0, budget: &budget, into: &sink)
    }

    /// Decides whether the log has more to send, in this flush or in the next.
    private mutating func requeue(_ log: SlabIndex<TopicLog>) {
        if !logs[log].ready.isEmpty || logs[log].isSweeping {
            dirty.append(log, in: &logs)
        } else if logs[log].cursor.offset < logs[log].tail.offset {
            held.append(log, in: &logs)
        } else {
            logs[log].isDirty = false
            logs[log].deficitByteCount = 0
        }
        touch(log)
    }
}

// MARK: - Current subscribers

extension HubShard {
    /// Ends a sweep that has served all current subscribers. Starts the next one, unless this flush already sent to
    /// current subscribers.
    private mutating func startSweep(_ log: SlabIndex<TopicLog>) {
        endSweepIfServed(log)
        if logs[log].isSweeping || logs[log].lastGroupFlush == flushNumber { return }
        if logs[log].cursor.offset == logs[log].tail.offset { return }
        logs[log].sweepStart = logs[log].cursor
        logs[log].sweepTarget = logs[log].tail
        unpark(log)
        endSweepIfServed(log)
    }

    private mutating func endSweepIfServed(_ log: SlabIndex<TopicLog>) {
        guard logs[log].isSweeping else { return }
        guard logs[log].servedCount == topics[logs[log].topic].current.count else { return }
        logs[log].cursor = logs[log].sweepTarget
        logs[log].servedCount = 0
        unpark(log)
    }

    private mutating func unpark(_ log: SlabIndex<TopicLog>) {
        while !logs[log].parked.isEmpty { move(logs[log].parked.first, to: .ready) }
    }

    /// Sends the same bytes to consecutive current subscribers. O(1) here, O(subscribers) in the sink.
    private mutating func sendToCurrent<Sink: HubSink & ~Copyable>(
        _ index: SlabIndex<TopicLog>, budget: inout FlushBudget, into sink: inout Sink
    ) {
        let log = logs[index]
        guard log.isSweeping, log.deficitByteCount > 0, !budget.isSpent else { return }
        let current = topics[log.topic].current
        guard let bytes = log.bytes else { preconditionFailure("a sweep has bytes") }
        let byteCount = Int(log.sweepTarget.offset - log.cursor.offset)
        let price = byteCount + limits.sendPriceByteCount
        var sendCount = min(current.count - log.servedCount, budget.sendCount)
        sendCount = min(sendCount, (log.deficitByteCount - 1) / price + 1, (budget.byteCount - 1) / byteCount + 1)
        if sendCount == 0 { return endSweepIfServed(index) }

        startSending()
        sink.trySend(
            current.span(from: log.servedCount, count: sendCount),
            bytes.span(from: Int(log.cursor.offset - log.base), byteCount: byteCount))
        budget.sendCount -= sendCount
        budget.byteCount -= sendCount * byteCount
        let sentFrameCount = UInt64(sendCount) * (log.sweepTarget.frame - log.cursor.frame)
        deliveredFrameCount += sentFrameCount
        logs[index].sentFrameCount += sentFrameCount
        logs[index].deficitByteCount -= sendCount * price
        logs[index].servedCount += sendCount
        logs[index].lastGroupFlush = flushNumber
        endSweepIfServed(index)
    }

    private mutating func startSending() {
        isAwaitingSubmission = true
        pool.isHoldingReturns = true
    }
}

// MARK: - Trailing subscribers

extension HubShard {
    private mutating func sendToTrailing<Sink: HubSink & ~Copyable>(
        _ log: SlabIndex<TopicLog>, untilDeficit reserve: Int, budget: inout FlushBudget, into sink: inout Sink
    ) {
        while logs[log].deficitByteCount > reserve, !budget.isSpent, !logs[log].ready.isEmpty {
            let byteCount = send(logs[log].ready.first, budget: &budget, into: &sink)
            if let byteCount { logs[log].deficitByteCount -= byteCount + limits.sendPriceByteCount }
        }
    }

    /// Serves an attached, ready subscriber: sends to it once, or makes it current, parks or detaches it. Returns the
    /// number of bytes offered; nil without a send.
    private mutating func send<Sink: HubSink & ~Copyable>(
        _ subscriber: SlabIndex<TrailingSubscriber>, budget: inout FlushBudget, into sink: inout Sink
    ) -> Int? {
        let log = trailing[subscriber].log
        let cursor = trailing[subscriber].cursor
        let closeOffset = trailing[subscriber].isClosing ? trailing[subscriber].closeOffset : .max
        let end: UInt64
        if trailing[subscriber].outbox.byteCountBeforeClose > 0 {
            if logs[log].isFrameBoundary(cursor) { return sendOutbox(subscriber, budget: &budget, into: &sink) }
            end = logs[log].frameEnd(of: cursor)
        } else if cursor.offset >= closeOffset {
            detach(subscriber)
            return nil
        } else if rejoin(subscriber, at: cursor) {
            return nil
        } else if cursor.offset < logs[log].sweepTarget.offset {
            end = min(logs[log].sweepTarget.offset, closeOffset)
        } else {
            move(subscriber, to: .parked)
            return nil
        }
        guard let bytes = logs[log].bytes else { preconditionFailure("what a subscriber waits for is retained") }
        let byteCount = min(Int(end - cursor.offset), limits.singleSendByteCountMax)
        startSingle(subscriber, isOutbox: false, byteCount: byteCount, budget: &budget)
        sink.trySend(
            trailing[subscriber].connection,
            bytes.span(from: Int(cursor.offset - logs[log].base), byteCount: byteCount))
        return byteCount
    }

    @discardableResult
    private mutating func sendOutbox<Sink: HubSink & ~Copyable>(
        _ subscriber: SlabIndex<TrailingSubscriber>, budget: inout FlushBudget, into sink: inout Sink
    ) -> Int {
        let outbox = trailing[subscriber].outbox
        guard let bytes = outbox.buffer else { preconditionFailure("an outbox with bytes has a buffer") }
        // The close frame of an attached subscriber waits for messages; that of a detached one is due.
        let dueByteCount = trailing[subscriber].isAttached ? outbox.byteCountBeforeClose : outbox.byteCount
        let byteCount = min(dueByteCount, limits.singleSendByteCountMax)
        startSingle(subscriber, isOutbox: true, byteCount: byteCount, budget: &budget)
        sink.trySend(trailing[subscriber].connection, bytes.span(from: outbox.start, byteCount: byteCount))
        return byteCount
    }

    private mutating func startSingle(
        _ subscriber: SlabIndex<TrailingSubscriber>, isOutbox: Bool, byteCount: Int, budget: inout FlushBudget
    ) {
        startSending()
        move(subscriber, to: .inFlight)
        trailing[subscriber].isSendingOutbox = isOutbox
        trailing[subscriber].inFlightByteCount = byteCount
        singleSendsInFlight += 1
        budget.sendCount -= 1
        budget.byteCount -= byteCount
    }
}
