import Primitives

// The life of a trailing subscriber: it is opened and changes its state; then it becomes current again, is detached, or
// ends.
extension HubShard {
    /// Adds a trailing subscriber of the log's topic at `cursor`, and writes its slot. O(1).
    mutating func openTrailing(
        _ connection: ConnectionID, _ log: SlabIndex<TopicLog>, at cursor: LogPosition, state: TrailingState
    ) -> SlabIndex<TrailingSubscriber> {
        let subscriber = trailing.insert(
            TrailingSubscriber(
                connection, log: log, cursor: cursor, state: state,
                leftCurrentInFlush: isAwaitingSubmission ? flushNumber : flushNumber &- 1))
        slots.set(SubscriberSlot(state: .trailing, topic: logs[log].topic, place: subscriber.raw), for: connection)
        logs[log].trailingCount += 1
        trailingCount += 1
        enter(subscriber)
        return subscriber
    }

    /// Makes a current subscriber trail at its present position, because bytes are pending for it alone. O(1).
    mutating func makeTrailing(_ connection: ConnectionID, _ slot: SubscriberSlot) -> SlabIndex<TrailingSubscriber> {
        let log = openLog(slot.topic)
        let isServed = Int(slot.place) < logs[log].servedCount
        let cursor = isServed ? logs[log].sweepTarget : logs[log].cursor
        removeCurrent(Int(slot.place), from: slot.topic)
        return openTrailing(connection, log, at: cursor, state: .ready)
    }

    /// Moves the subscriber to another state, and to `cursor` unless that is nil. O(1), or O(frames passed).
    mutating func move(_ subscriber: SlabIndex<TrailingSubscriber>, to state: TrailingState, cursor: LogPosition? = nil)
    {
        withdraw(subscriber)
        trailing[subscriber].state = state
        if let cursor { trailing[subscriber].cursor = cursor }
        enter(subscriber)
    }

    /// The subscriber's socket is full. Detaches it as a slow consumer when it is already over a limit. O(frames
    /// passed), or O(frame).
    mutating func block(_ subscriber: SlabIndex<TrailingSubscriber>, at cursor: LogPosition) {
        move(subscriber, to: .blocked, cursor: cursor)
        if !trailing[subscriber].isAttached { return }
        let log = trailing[subscriber].log
        if cursor.frame >= logs[log].limitFrame { return }
        endSlowConsumer(subscriber)
        trim(log)
    }

    /// Makes a trailing subscriber at `cursor` current again, if it has caught up and its outbox is empty.
    mutating func rejoin(_ subscriber: SlabIndex<TrailingSubscriber>, at cursor: LogPosition) -> Bool {
        guard trailing[subscriber].isAttached, trailing[subscriber].outbox.isEmpty else { return false }
        let log = trailing[subscriber].log
        let offset = cursor.offset
        guard offset == logs[log].cursor.offset || offset == logs[log].sweepTarget.offset else { return false }
        let connection = trailing[subscriber].connection
        let topic = logs[log].topic
        withdraw(subscriber)
        trailing.remove(subscriber)
        logs[log].trailingCount -= 1
        trailingCount -= 1
        precondition(join(connection, topic, at: offset), "the current subscribers are there")
        touch(log)
        return true
    }

    /// Ends a trailing subscriber; the caller writes its slot. O(1) amortised.
    mutating func closeTrailing(_ subscriber: SlabIndex<TrailingSubscriber>) {
        if trailing[subscriber].state == .inFlight { singleSendsInFlight -= 1 }
        withdraw(subscriber)
        trailing[subscriber].outbox.clear(pool: &pool)
        let log = trailing[subscriber].log
        let wasAttached = trailing[subscriber].isAttached
        trailing.remove(subscriber)
        if wasAttached {
            countDetached(from: log)
            trim(log)
        }
    }

    /// Detaches the subscriber from its log: the rest of the frame at its cursor moves to its outbox, and it receives
    /// no later messages. It must have no send in flight. The caller trims the log. O(frame).
    mutating func detach(_ subscriber: SlabIndex<TrailingSubscriber>) {
        withdraw(subscriber)
        let log = trailing[subscriber].log
        prependRestOfFrame(subscriber)
        trailing[subscriber].isAttached = false
        countDetached(from: log)
        if trailing[subscriber].state != .blocked {
            trailing[subscriber].state = trailing[subscriber].outbox.isEmpty ? .idle : .ready
        }
        enter(subscriber)
    }

    /// Copies the rest of the frame at the subscriber's cursor to the front of its outbox. O(frame).
    mutating func prependRestOfFrame(_ subscriber: SlabIndex<TrailingSubscriber>) {
        let log = trailing[subscriber].log
        let cursor = trailing[subscriber].cursor
        if logs[log].isFrameBoundary(cursor) { return }
        guard let bytes = logs[log].bytes else { preconditionFailure("a frame that is begun is retained") }
        trailing[subscriber].outbox.prepend(
            from: bytes, at: Int(cursor.offset - logs[log].base),
            byteCount: Int(logs[log].frameEnd(of: cursor) - cursor.offset), pool: &pool)
    }

    private mutating func countDetached(from log: SlabIndex<TopicLog>) {
        logs[log].trailingCount -= 1
        trailingCount -= 1
        subscriberCount -= 1
    }
}

// MARK: - Lists

extension HubShard {
    /// Adds the subscriber to the lists of its state: its frame's list while it is attached, and the queue of ready or
    /// parked subscribers.
    private mutating func enter(_ subscriber: SlabIndex<TrailingSubscriber>) {
        let state = trailing[subscriber].state
        let log = trailing[subscriber].log
        if trailing[subscriber].isAttached { enterFrame(subscriber, isBlocked: state == .blocked) }
        switch state {
        case .ready where trailing[subscriber].isAttached:
            logs[log].ready.append(subscriber, in: &trailing)
            markDirty(log)
        case .ready:
            endingReady.append(subscriber, in: &trailing)
        case .parked:
            logs[log].parked.append(subscriber, in: &trailing)
        case .inFlight, .blocked, .idle:
            break
        }
    }

    /// The inverse of `enter`; to be called before the state, the cursor or the attachment changes.
    private mutating func withdraw(_ subscriber: SlabIndex<TrailingSubscriber>) {
        let state = trailing[subscriber].state
        let log = trailing[subscriber].log
        if trailing[subscriber].isAttached { withdrawFromFrame(subscriber, isBlocked: state == .blocked) }
        switch state {
        case .ready where trailing[subscriber].isAttached:
            logs[log].ready.remove(subscriber, in: &trailing)
        case .ready:
            endingReady.remove(subscriber, in: &trailing)
        case .parked:
            logs[log].parked.remove(subscriber, in: &trailing)
        case .inFlight, .blocked, .idle:
            break
        }
    }

    private mutating func enterFrame(_ subscriber: SlabIndex<TrailingSubscriber>, isBlocked: Bool) {
        let frames = logs[trailing[subscriber].log].frames
        let number = trailing[subscriber].cursor.frame
        let next = isBlocked ? frames[number].firstBlocked : frames[number].firstMoving
        trailing[subscriber].framePrevious = .null
        trailing[subscriber].frameNext = next
        if !next.isNull { trailing[next].framePrevious = subscriber }
        if isBlocked { frames[number].firstBlocked = subscriber } else { frames[number].firstMoving = subscriber }
    }

    private mutating func withdrawFromFrame(_ subscriber: SlabIndex<TrailingSubscriber>, isBlocked: Bool) {
        let next = trailing[subscriber].frameNext
        let previous = trailing[subscriber].framePrevious
        if !next.isNull { trailing[next].framePrevious = previous }
        if !previous.isNull {
            trailing[previous].frameNext = next
            return
        }
        let frames = logs[trailing[subscriber].log].frames
        let number = trailing[subscriber].cursor.frame
        if isBlocked { frames[number].firstBlocked = next } else { frames[number].firstMoving = next }
    }
}
