import Primitives

extension HubShard {
    /// Whether a flush has something to send.
    public var needsFlush: Bool { !dirty.isEmpty || !endingReady.isEmpty }

    /// Sends to every subscriber that is not blocked what it has not got yet, as far as the budget reaches; the next
    /// flush goes on there.
    ///
    /// Shops take turns (deficit round robin): in each, a shop sends `HubLimits.turnByteCount` worth, half of it at
    /// most to its laggards before its members, so that neither waits for all of the others. All members get the same
    /// range in one pass; what is published while a pass is under way belongs to the next. No subscriber gets two
    /// sends in one flush, as the first may fall short.
    ///
    /// Call `submitted` after it. O(sends); allocates nothing in the steady state.
    public mutating func flush<Sink: HubSink & ~Copyable>(budget: inout FlushBudget, into sink: inout Sink) {
        precondition(!isAwaitingSubmission, "the last flush was not submitted")
        flushNumber &+= 1
        flushEnding(sendCountMax: max(1, budget.sendCount / 4), budget: &budget, into: &sink)
        while !budget.isSpent, let log = dirty.popFirst(in: logs) {
            takeTurn(log, budget: &budget, into: &sink)
            requeue(log)
        }
        flushEnding(sendCountMax: .max, budget: &budget, into: &sink)
        dirty.append(contentsOf: &held, in: &logs)
        if !isAwaitingSubmission { settleTouched() }
    }

    /// Those that are detached belong to no shop; before the shops they get a part of the budget, after them the rest.
    private mutating func flushEnding<Sink: HubSink & ~Copyable>(
        sendCountMax: Int, budget: inout FlushBudget, into sink: inout Sink
    ) {
        var sendCount = 0
        while sendCount < sendCountMax, !budget.isSpent, !endingReady.isEmpty {
            sendOutbox(endingReady.first, budget: &budget, into: &sink)
            sendCount += 1
        }
    }

    private mutating func takeTurn<Sink: HubSink & ~Copyable>(
        _ log: SlabIndex<ChannelLog>, budget: inout FlushBudget, into sink: inout Sink
    ) {
        startPass(log)
        logs[log].deficitByteCount = min(logs[log].deficitByteCount, 0) + limits.turnByteCount
        if logs[log].deficitByteCount <= 0 { return }
        let reserve = logs[log].deficitByteCount / 2
        sendToLaggards(log, untilDeficit: reserve, budget: &budget, into: &sink)
        sendToMembers(log, budget: &budget, into: &sink)
        sendToLaggards(log, untilDeficit: 0, budget: &budget, into: &sink)
    }

    /// Decides whether the log has more to send, now or in the next flush.
    private mutating func requeue(_ log: SlabIndex<ChannelLog>) {
        if !logs[log].ready.isEmpty || logs[log].isPassUnderWay {
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

// MARK: - Members

extension HubShard {
    /// Ends a pass that has served all, and starts the next when members have not been sent to in this flush.
    private mutating func startPass(_ log: SlabIndex<ChannelLog>) {
        endPassIfServed(log)
        if logs[log].isPassUnderWay || logs[log].lastGroupFlush == flushNumber { return }
        if logs[log].cursor.offset == logs[log].tail.offset { return }
        logs[log].passStart = logs[log].cursor
        logs[log].passTarget = logs[log].tail
        unpark(log)
        endPassIfServed(log)
    }

    private mutating func endPassIfServed(_ log: SlabIndex<ChannelLog>) {
        guard logs[log].isPassUnderWay else { return }
        guard logs[log].servedCount == channels[logs[log].channel].members.count else { return }
        logs[log].cursor = logs[log].passTarget
        logs[log].servedCount = 0
        unpark(log)
    }

    private mutating func unpark(_ log: SlabIndex<ChannelLog>) {
        while !logs[log].parked.isEmpty { move(logs[log].parked.first, to: .ready) }
    }

    /// One send for each of a run of members, all of the same bytes. O(1) here, O(members) in the sink.
    private mutating func sendToMembers<Sink: HubSink & ~Copyable>(
        _ index: SlabIndex<ChannelLog>, budget: inout FlushBudget, into sink: inout Sink
    ) {
        let log = logs[index]
        guard log.isPassUnderWay, log.deficitByteCount > 0, !budget.isSpent else { return }
        let members = channels[log.channel].members
        guard let bytes = log.bytes else { preconditionFailure("a pass has bytes") }
        let byteCount = Int(log.passTarget.offset - log.cursor.offset)
        let price = byteCount + limits.sendPriceByteCount
        var sendCount = min(members.count - log.servedCount, budget.sendCount)
        sendCount = min(sendCount, (log.deficitByteCount - 1) / price + 1, (budget.byteCount - 1) / byteCount + 1)
        if sendCount == 0 { return endPassIfServed(index) }

        startSending()
        sink.sendGroup(
            members.span(from: log.servedCount, count: sendCount),
            bytes.span(from: Int(log.cursor.offset - log.base), byteCount: byteCount))
        budget.sendCount -= sendCount
        budget.byteCount -= sendCount * byteCount
        deliveredFrameCount += UInt64(sendCount) * (log.passTarget.frame - log.cursor.frame)
        logs[index].deficitByteCount -= sendCount * price
        logs[index].servedCount += sendCount
        logs[index].lastGroupFlush = flushNumber
        endPassIfServed(index)
    }

    private mutating func startSending() {
        isAwaitingSubmission = true
        pool.isHoldingReturns = true
    }
}

// MARK: - Laggards

extension HubShard {
    private mutating func sendToLaggards<Sink: HubSink & ~Copyable>(
        _ log: SlabIndex<ChannelLog>, untilDeficit reserve: Int, budget: inout FlushBudget, into sink: inout Sink
    ) {
        while logs[log].deficitByteCount > reserve, !budget.isSpent, !logs[log].ready.isEmpty {
            let byteCount = send(logs[log].ready.first, budget: &budget, into: &sink)
            if let byteCount { logs[log].deficitByteCount -= byteCount + limits.sendPriceByteCount }
        }
    }

    /// Gives an attached, ready laggard its turn: one send, or it rejoins the members, is parked or detached. Returns
    /// the bytes offered.
    private mutating func send<Sink: HubSink & ~Copyable>(
        _ laggard: SlabIndex<Laggard>, budget: inout FlushBudget, into sink: inout Sink
    ) -> Int? {
        let log = laggards[laggard].log
        let cursor = laggards[laggard].cursor
        let closeOffset = laggards[laggard].isClosing ? laggards[laggard].closeOffset : .max
        let end: UInt64
        if laggards[laggard].outbox.byteCountBeforeClose > 0 {
            if logs[log].isFrameBoundary(cursor) { return sendOutbox(laggard, budget: &budget, into: &sink) }
            end = logs[log].frameEnd(of: cursor)
        } else if cursor.offset >= closeOffset {
            detach(laggard)
            return nil
        } else if rejoin(laggard, at: cursor) {
            return nil
        } else if cursor.offset < logs[log].passTarget.offset {
            end = min(logs[log].passTarget.offset, closeOffset)
        } else {
            move(laggard, to: .parked)
            return nil
        }
        guard let bytes = logs[log].bytes else { preconditionFailure("what a laggard waits for is retained") }
        let byteCount = min(Int(end - cursor.offset), limits.singleSendByteCountMax)
        startSingle(laggard, isOutbox: false, byteCount: byteCount, budget: &budget)
        sink.sendSingle(
            laggards[laggard].connection,
            bytes.span(from: Int(cursor.offset - logs[log].base), byteCount: byteCount))
        return byteCount
    }

    @discardableResult
    private mutating func sendOutbox<Sink: HubSink & ~Copyable>(
        _ laggard: SlabIndex<Laggard>, budget: inout FlushBudget, into sink: inout Sink
    ) -> Int {
        let outbox = laggards[laggard].outbox
        guard let bytes = outbox.buffer else { preconditionFailure("an outbox with bytes has a buffer") }
        // An attached laggard's close frame waits for messages, a detached one's for nothing.
        let dueByteCount = laggards[laggard].isAttached ? outbox.byteCountBeforeClose : outbox.byteCount
        let byteCount = min(dueByteCount, limits.singleSendByteCountMax)
        startSingle(laggard, isOutbox: true, byteCount: byteCount, budget: &budget)
        sink.sendSingle(laggards[laggard].connection, bytes.span(from: outbox.start, byteCount: byteCount))
        return byteCount
    }

    private mutating func startSingle(
        _ laggard: SlabIndex<Laggard>, isOutbox: Bool, byteCount: Int, budget: inout FlushBudget
    ) {
        startSending()
        move(laggard, to: .underWay)
        laggards[laggard].isSendingOutbox = isOutbox
        laggards[laggard].underWayByteCount = byteCount
        singleSendsUnderWay += 1
        budget.sendCount -= 1
        budget.byteCount -= byteCount
    }
}
