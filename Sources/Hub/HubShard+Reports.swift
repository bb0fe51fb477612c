public import Primitives

// What became of sends: after the flush that made them, before `submitted`.
extension HubShard {
    /// Of a group send to `connection` only the first `sentByteCount` bytes went out; 0 when the socket was full.
    ///
    /// The subscriber is a laggard from here on; nobody else is affected. O(frames sent).
    public mutating func groupSendFellShort(_ connection: ConnectionID, sentByteCount: Int) -> SendFollowUp {
        precondition(isAwaitingSubmission, "a report comes between the flush and submitted()")
        guard let slot = slots[connection] else { return .none }
        switch slot.state {
        case .member:
            let log = channels[slot.channel].log
            precondition(!log.isNull, "nothing was sent to the group")
            let isPending = logs[log].isPassUnderWay && Int(slot.place) >= logs[log].servedCount
            precondition(!isPending, "nothing was sent to this member")
            guard let cursor = shortCursor(log, sentByteCount: sentByteCount) else { return .none }
            removeMember(Int(slot.place), from: slot.channel)
            let laggard = openLaggard(connection, log, at: cursor, state: .underWay)
            block(laggard, at: cursor)
        case .lagging:
            // It left the members between the flush and now, for a control frame.
            let laggard = slot.laggard
            precondition(laggards[laggard].leftMembersInFlush == flushNumber, "nothing was sent to the group")
            guard let cursor = shortCursor(laggards[laggard].log, sentByteCount: sentByteCount) else { return .none }
            if laggards[laggard].isAttached {
                block(laggard, at: cursor)
            } else {
                move(laggard, to: .blocked, cursor: cursor)
                prependRestOfFrame(laggard)
            }
        case .ended:
            return .none
        }
        return .waitForRoom
    }

    /// Of the single send to `connection` the first `sentByteCount` bytes went out; 0 when the socket was full.
    ///
    /// O(frames sent).
    public mutating func singleSendCompleted(_ connection: ConnectionID, sentByteCount: Int) -> SendFollowUp {
        guard let slot = slots[connection], slot.state == .lagging else { return .none }
        let laggard = slot.laggard
        precondition(laggards[laggard].state == .underWay, "no single send is under way")
        let isWhole = sentByteCount == laggards[laggard].underWayByteCount
        precondition(
            sentByteCount >= 0 && sentByteCount <= laggards[laggard].underWayByteCount, "more was sent than there was")
        laggards[laggard].underWayByteCount = 0
        singleSendsUnderWay -= 1

        var cursor = laggards[laggard].cursor
        if laggards[laggard].isSendingOutbox {
            laggards[laggard].outbox.consume(sentByteCount, pool: &pool)
        } else {
            let log = laggards[laggard].log
            let frame = cursor.frame
            cursor = logs[log].position(cursor, advancedBy: sentByteCount)
            deliveredFrameCount += cursor.frame - frame
        }
        if isWhole, !laggards[laggard].isClosing, rejoin(laggard, at: cursor) { return .none }
        if isWhole {
            move(laggard, to: .ready, cursor: cursor)
        } else {
            block(laggard, at: cursor)
        }
        if laggards[laggard].isClosing { return continueClosing(connection, slot) }
        if !isWhole { return .waitForRoom }
        if !laggards[laggard].isAttached, laggards[laggard].outbox.isEmpty { move(laggard, to: .idle) }
        return .none
    }

    /// The socket that was full has room. O(1).
    public mutating func becameWritable(_ connection: ConnectionID) {
        guard let slot = slots[connection], slot.state == .lagging else { return }
        let laggard = slot.laggard
        guard laggards[laggard].state == .blocked else { return }
        let isIdle = !laggards[laggard].isAttached && laggards[laggard].outbox.isEmpty
        move(laggard, to: isIdle ? .idle : .ready)
    }

    /// Where a short group send left its subscriber; nil when it was not short.
    private mutating func shortCursor(_ log: SlabIndex<ChannelLog>, sentByteCount: Int) -> LogPosition? {
        let start = logs[log].passStart
        let target = logs[log].passTarget
        let byteCount = Int(target.offset - start.offset)
        precondition(sentByteCount >= 0 && sentByteCount <= byteCount, "more was sent than there was")
        if sentByteCount == byteCount { return nil }
        let cursor = logs[log].position(start, advancedBy: sentByteCount)
        deliveredFrameCount -= target.frame - cursor.frame
        return cursor
    }

    /// A laggard whose outbox ends in a close frame: it leaves the log when the frame is due, and the hub when the
    /// frame is out.
    private mutating func continueClosing(_ connection: ConnectionID, _ slot: SubscriberSlot) -> SendFollowUp {
        let laggard = slot.laggard
        if laggards[laggard].isAttached, laggards[laggard].cursor.offset >= laggards[laggard].closeOffset {
            let log = laggards[laggard].log
            detach(laggard)
            settle(log)
        }
        if laggards[laggard].outbox.isEmpty {
            end(connection, slot)
            return .closeFrameSent
        }
        return laggards[laggard].state == .blocked ? .waitForRoom : .none
    }
}

/// What the I/O does after it reported a send.
public enum SendFollowUp: Hashable, Sendable {
    /// Nothing.
    case none
    /// Poll the socket once and call `becameWritable`.
    case waitForRoom
    /// The close frame is out, and the hub sends nothing more: shut down, or wait for the peer's.
    case closeFrameSent
}
