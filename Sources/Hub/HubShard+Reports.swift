public import Primitives

// The results of sends: report them after the flush and before `submitted`.
extension HubShard {
    /// Only the first `sentByteCount` bytes of a group's `trySend` were sent to `connection`; 0 when the socket was full.
    ///
    /// With `isHeld` the bytes were taken, but some of them are still held below the hub: nothing more is sent to the
    /// subscriber before `becameWritable`, even if all were taken. The subscriber is trailing after this; no other
    /// subscriber is affected. O(frames sent).
    public mutating func shortSend(
        _ connection: ConnectionID, sentByteCount: Int, isHeld: Bool = false
    ) -> SendFollowUp {
        precondition(isAwaitingSubmission, "a report comes between the flush and submitted()")
        guard let slot = slots[connection] else { return .none }
        switch slot.state {
        case .current:
            let log = topics[slot.topic].log
            precondition(!log.isNull, "nothing was sent to the group")
            let isPending = logs[log].isSweeping && Int(slot.place) >= logs[log].servedCount
            precondition(!isPending, "nothing was sent to this subscriber")
            guard let cursor = shortCursor(log, sentByteCount: sentByteCount, isHeld: isHeld) else { return .none }
            removeCurrent(Int(slot.place), from: slot.topic)
            let subscriber = openTrailing(connection, log, at: cursor, state: .inFlight)
            block(subscriber, at: cursor)
        case .trailing:
            // It left the current subscribers after the flush, because a control frame was enqueued for it.
            let subscriber = slot.trailing
            precondition(trailing[subscriber].leftCurrentInFlush == flushNumber, "nothing was sent to the group")
            let log = trailing[subscriber].log
            guard let cursor = shortCursor(log, sentByteCount: sentByteCount, isHeld: isHeld) else { return .none }
            if trailing[subscriber].isAttached {
                block(subscriber, at: cursor)
            } else {
                move(subscriber, to: .blocked, cursor: cursor)
                prependRestOfFrame(subscriber)
            }
        case .ended:
            return .none
        }
        return .pollWritable
    }

    /// The first `sentByteCount` bytes of the single `trySend` to `connection` were sent; 0 when its socket was full.
    /// `isHeld` as for `shortSend`.
    ///
    /// O(frames sent).
    public mutating func sendCompleted(
        _ connection: ConnectionID, sentByteCount: Int, isHeld: Bool = false
    ) -> SendFollowUp {
        guard let slot = slots[connection], slot.state == .trailing else { return .none }
        let subscriber = slot.trailing
        precondition(trailing[subscriber].state == .inFlight, "no single send is in flight")
        let isWhole = sentByteCount == trailing[subscriber].inFlightByteCount && !isHeld
        precondition(
            sentByteCount >= 0 && sentByteCount <= trailing[subscriber].inFlightByteCount,
            "more was sent than there was")
        trailing[subscriber].inFlightByteCount = 0
        singleSendsInFlight -= 1

        var cursor = trailing[subscriber].cursor
        if trailing[subscriber].isSendingOutbox {
            trailing[subscriber].outbox.consume(sentByteCount, pool: &pool)
        } else {
            let log = trailing[subscriber].log
            let frame = cursor.frame
            cursor = logs[log].position(cursor, advancedBy: sentByteCount)
            deliveredFrameCount += cursor.frame - frame
            logs[log].sentFrameCount += cursor.frame - frame
        }
        if isWhole, !trailing[subscriber].isClosing, rejoin(subscriber, at: cursor) { return .none }
        if isWhole {
            move(subscriber, to: .ready, cursor: cursor)
        } else {
            block(subscriber, at: cursor)
        }
        if trailing[subscriber].isClosing { return continueClosing(connection, slot) }
        if !isWhole { return .pollWritable }
        if !trailing[subscriber].isAttached, trailing[subscriber].outbox.isEmpty { move(subscriber, to: .idle) }
        return .none
    }

    /// The socket that was full is writable again. O(1).
    public mutating func becameWritable(_ connection: ConnectionID) {
        guard let slot = slots[connection], slot.state == .trailing else { return }
        let subscriber = slot.trailing
        guard trailing[subscriber].state == .blocked else { return }
        let isIdle = !trailing[subscriber].isAttached && trailing[subscriber].outbox.isEmpty
        move(subscriber, to: isIdle ? .idle : .ready)
    }

    /// The position up to which a short send served its subscriber; nil when the send was not short and nothing is held.
    private mutating func shortCursor(
        _ log: SlabIndex<TopicLog>, sentByteCount: Int, isHeld: Bool
    ) -> LogPosition? {
        let start = logs[log].sweepStart
        let target = logs[log].sweepTarget
        let byteCount = Int(target.offset - start.offset)
        precondition(sentByteCount >= 0 && sentByteCount <= byteCount, "more was sent than there was")
        if sentByteCount == byteCount, !isHeld { return nil }
        let cursor = logs[log].position(start, advancedBy: sentByteCount)
        deliveredFrameCount -= target.frame - cursor.frame
        logs[log].sentFrameCount -= target.frame - cursor.frame
        return cursor
    }

    /// Continues to close a trailing subscriber: it leaves the log when its close frame is due, and the hub when that
    /// frame is sent.
    private mutating func continueClosing(_ connection: ConnectionID, _ slot: SubscriberSlot) -> SendFollowUp {
        let subscriber = slot.trailing
        if trailing[subscriber].isAttached, trailing[subscriber].cursor.offset >= trailing[subscriber].closeOffset {
            let log = trailing[subscriber].log
            detach(subscriber)
            trim(log)
        }
        if trailing[subscriber].outbox.isEmpty {
            end(connection, slot)
            return .closeFrameSent
        }
        return trailing[subscriber].state == .blocked ? .pollWritable : .none
    }
}

/// What the caller must do after it reported a send.
public enum SendFollowUp: Hashable, Sendable {
    /// Nothing.
    case none
    /// Poll the socket once and call `becameWritable`.
    case pollWritable
    /// The close frame is sent, and the hub sends nothing more: shut down the socket, or wait for the peer's close
    /// frame.
    case closeFrameSent
}
