import Primitives

// A laggard's life: it opens, moves between states and places, and ends as a member again, detached, or gone.
extension HubShard {
    /// Makes a subscriber of the log's channel a laggard at `cursor`. Its slot is written. O(1).
    mutating func openLaggard(
        _ connection: ConnectionID, _ log: SlabIndex<ChannelLog>, at cursor: LogPosition, state: LaggardState
    ) -> SlabIndex<Laggard> {
        let laggard = laggards.insert(
            Laggard(
                connection, log: log, cursor: cursor, state: state,
                leftMembersInFlush: isAwaitingSubmission ? flushNumber : flushNumber &- 1))
        slots.set(SubscriberSlot(state: .lagging, channel: logs[log].channel, place: laggard.raw), for: connection)
        logs[log].laggingCount += 1
        laggingCount += 1
        enter(laggard)
        return laggard
    }

    /// Turns a member into a laggard where the members stand, as something is to be sent to it alone. O(1).
    mutating func makeLaggard(_ connection: ConnectionID, _ slot: SubscriberSlot) -> SlabIndex<Laggard> {
        let log = openLog(slot.channel)
        let isServed = Int(slot.place) < logs[log].servedCount
        let cursor = isServed ? logs[log].passTarget : logs[log].cursor
        removeMember(Int(slot.place), from: slot.channel)
        return openLaggard(connection, log, at: cursor, state: .ready)
    }

    /// Takes the laggard to another state, and to `cursor` when there is one. O(1), or O(frames passed).
    mutating func move(_ laggard: SlabIndex<Laggard>, to state: LaggardState, cursor: LogPosition? = nil) {
        withdraw(laggard)
        laggards[laggard].state = state
        if let cursor { laggards[laggard].cursor = cursor }
        enter(laggard)
    }

    /// The laggard's socket is full: if it is beyond a limit already, it is slow. O(frames passed), or O(frame).
    mutating func block(_ laggard: SlabIndex<Laggard>, at cursor: LogPosition) {
        move(laggard, to: .blocked, cursor: cursor)
        if !laggards[laggard].isAttached { return }
        let log = laggards[laggard].log
        if cursor.frame >= logs[log].limitFrame { return }
        endSlowConsumer(laggard)
        settle(log)
    }

    /// Makes a laggard that stands at `cursor` a member again, if it has caught up and nothing waits for it alone.
    mutating func rejoin(_ laggard: SlabIndex<Laggard>, at cursor: LogPosition) -> Bool {
        guard laggards[laggard].isAttached, laggards[laggard].outbox.isEmpty else { return false }
        let log = laggards[laggard].log
        let offset = cursor.offset
        guard offset == logs[log].cursor.offset || offset == logs[log].passTarget.offset else { return false }
        let connection = laggards[laggard].connection
        let channel = logs[log].channel
        withdraw(laggard)
        laggards.remove(laggard)
        logs[log].laggingCount -= 1
        laggingCount -= 1
        precondition(join(connection, channel, at: offset), "the members stand there")
        touch(log)
        return true
    }

    /// Ends a laggard; its slot is the caller's to write. O(1) amortised.
    mutating func closeLaggard(_ laggard: SlabIndex<Laggard>) {
        if laggards[laggard].state == .underWay { singleSendsUnderWay -= 1 }
        withdraw(laggard)
        laggards[laggard].outbox.clear(pool: &pool)
        let log = laggards[laggard].log
        let wasAttached = laggards[laggard].isAttached
        laggards.remove(laggard)
        if wasAttached {
            countDetached(from: log)
            settle(log)
        }
    }

    /// Takes the laggard off its log: the rest of the frame that it is in moves to its outbox, later messages go to it
    /// no more. Nothing is under way, and the caller settles the log. O(frame).
    mutating func detach(_ laggard: SlabIndex<Laggard>) {
        withdraw(laggard)
        let log = laggards[laggard].log
        prependRestOfFrame(laggard)
        laggards[laggard].isAttached = false
        countDetached(from: log)
        if laggards[laggard].state != .blocked {
            laggards[laggard].state = laggards[laggard].outbox.isEmpty ? .idle : .ready
        }
        enter(laggard)
    }

    /// Copies the rest of the frame that the laggard's cursor is in to the front of its outbox. O(frame).
    mutating func prependRestOfFrame(_ laggard: SlabIndex<Laggard>) {
        let log = laggards[laggard].log
        let cursor = laggards[laggard].cursor
        if logs[log].isFrameBoundary(cursor) { return }
        guard let bytes = logs[log].bytes else { preconditionFailure("a frame that is begun is retained") }
        laggards[laggard].outbox.prepend(
            from: bytes, at: Int(cursor.offset - logs[log].base),
            byteCount: Int(logs[log].frameEnd(of: cursor) - cursor.offset), pool: &pool)
    }

    private mutating func countDetached(from log: SlabIndex<ChannelLog>) {
        logs[log].laggingCount -= 1
        laggingCount -= 1
        subscriberCount -= 1
    }
}

// MARK: - Lists

extension HubShard {
    /// Enters the laggard into the lists of its state: its frame's while it is attached, and the queue of its turn.
    private mutating func enter(_ laggard: SlabIndex<Laggard>) {
        let state = laggards[laggard].state
        let log = laggards[laggard].log
        if laggards[laggard].isAttached { enterFrame(laggard, isBlocked: state == .blocked) }
        switch state {
        case .ready where laggards[laggard].isAttached:
            logs[log].ready.append(laggard, in: &laggards)
            markDirty(log)
        case .ready:
            endingReady.append(laggard, in: &laggards)
        case .parked:
            logs[log].parked.append(laggard, in: &laggards)
        case .underWay, .blocked, .idle:
            break
        }
    }

    /// The inverse of `enter`, before state, place or attachment change.
    private mutating func withdraw(_ laggard: SlabIndex<Laggard>) {
        let state = laggards[laggard].state
        let log = laggards[laggard].log
        if laggards[laggard].isAttached { withdrawFromFrame(laggard, isBlocked: state == .blocked) }
        switch state {
        case .ready where laggards[laggard].isAttached:
            logs[log].ready.remove(laggard, in: &laggards)
        case .ready:
            endingReady.remove(laggard, in: &laggards)
        case .parked:
            logs[log].parked.remove(laggard, in: &laggards)
        case .underWay, .blocked, .idle:
            break
        }
    }

    private mutating func enterFrame(_ laggard: SlabIndex<Laggard>, isBlocked: Bool) {
        let frames = logs[laggards[laggard].log].frames
        let number = laggards[laggard].cursor.frame
        let next = isBlocked ? frames[number].firstBlocked : frames[number].firstMoving
        laggards[laggard].framePrevious = .null
        laggards[laggard].frameNext = next
        if !next.isNull { laggards[next].framePrevious = laggard }
        if isBlocked { frames[number].firstBlocked = laggard } else { frames[number].firstMoving = laggard }
    }

    private mutating func withdrawFromFrame(_ laggard: SlabIndex<Laggard>, isBlocked: Bool) {
        let next = laggards[laggard].frameNext
        let previous = laggards[laggard].framePrevious
        if !next.isNull { laggards[next].framePrevious = previous }
        if !previous.isNull {
            laggards[previous].frameNext = next
            return
        }
        let frames = logs[laggards[laggard].log].frames
        let number = laggards[laggard].cursor.frame
        if isBlocked { frames[number].firstBlocked = next } else { frames[number].firstMoving = next }
    }
}
