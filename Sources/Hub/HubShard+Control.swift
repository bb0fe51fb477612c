public import Primitives

extension HubShard {
    /// Sends a control frame, already encoded, at the subscriber's next frame boundary and before the messages that
    /// wait. Control frames keep their order.
    ///
    /// The frame is copied; at most `HubLimits.controlFrameByteCountMax` bytes. False when it will not go out: a close
    /// frame is ahead of it, a ping or too many pongs still wait, or the subscriber is gone. With `close` it leaves its
    /// shop: messages that were published and not sent yet are not sent to it any more, but for the frame that is
    /// begun. With `closeAfterMessages` it leaves when it has them, and counts as a subscriber until then. O(1)
    /// amortised, O(frame) for a close in the middle of one.
    @discardableResult
    public mutating func enqueueControl(
        _ kind: ControlFrameKind, _ frame: Span<UInt8>, to connection: ConnectionID
    ) -> Bool {
        precondition(!frame.isEmpty && frame.count <= limits.controlFrameByteCountMax, "no control frame is that long")
        guard let slot = slots[connection] else { return false }
        switch slot.state {
        case .member:
            let laggard = makeLaggard(connection, slot)
            return append(kind, frame, to: laggard)
        case .lagging:
            return append(kind, frame, to: slot.laggard)
        case .ended:
            return false
        }
    }

    private mutating func append(
        _ kind: ControlFrameKind, _ frame: Span<UInt8>, to laggard: SlabIndex<Laggard>
    ) -> Bool {
        if laggards[laggard].isClosing { return false }
        let underWayByteCount = laggards[laggard].isSendingOutbox ? laggards[laggard].underWayByteCount : 0
        let isTaken = laggards[laggard].outbox.append(
            kind, frame, underWayByteCount: underWayByteCount, pongByteCountMax: limits.waitingPongByteCountMax,
            pool: &pool)
        guard isTaken else { return false }
        switch laggards[laggard].state {
        case .parked, .idle:
            move(laggard, to: .ready)
        case .ready, .underWay, .blocked:
            break
        }
        switch kind {
        case .close:
            startClosing(laggard)
        case .closeAfterMessages:
            laggards[laggard].isClosing = true
            if laggards[laggard].isAttached {
                laggards[laggard].closeOffset = logs[laggards[laggard].log].tail.offset
            }
        case .ping, .pong:
            break
        }
        return true
    }

    private mutating func startClosing(_ laggard: SlabIndex<Laggard>) {
        laggards[laggard].isClosing = true
        // What is under way decides where the frame ends: its report comes first.
        if laggards[laggard].state == .underWay || !laggards[laggard].isAttached { return }
        let log = laggards[laggard].log
        detach(laggard)
        settle(log)
    }
}

/// The control frames of RFC 6455, section 5.5.
public enum ControlFrameKind: Sendable {
    /// Asks for a pong; dropped while another ping waits.
    case ping
    /// Answers a ping; replaces a pong that waits when too many do.
    case pong
    /// Ends the stream at the next frame boundary: nothing is sent after it.
    case close
    /// Ends the stream behind the messages published so far: nothing is sent after it.
    case closeAfterMessages
}
