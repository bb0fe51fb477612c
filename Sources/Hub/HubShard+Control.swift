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
        case .current:
            let subscriber = makeTrailing(connection, slot)
            return append(kind, frame, to: subscriber)
        case .trailing:
            return append(kind, frame, to: slot.trailing)
        case .ended:
            return false
        }
    }

    private mutating func append(
        _ kind: ControlFrameKind, _ frame: Span<UInt8>, to subscriber: SlabIndex<TrailingSubscriber>
    ) -> Bool {
        if trailing[subscriber].isClosing { return false }
        let inFlightByteCount = trailing[subscriber].isSendingOutbox ? trailing[subscriber].inFlightByteCount : 0
        let isTaken = trailing[subscriber].outbox.append(
            kind, frame, inFlightByteCount: inFlightByteCount, pongByteCountMax: limits.waitingPongByteCountMax,
            pool: &pool)
        guard isTaken else { return false }
        switch trailing[subscriber].state {
        case .parked, .idle:
            move(subscriber, to: .ready)
        case .ready, .inFlight, .blocked:
            break
        }
        switch kind {
        case .close:
            startClosing(subscriber)
        case .closeAfterMessages:
            trailing[subscriber].isClosing = true
            if trailing[subscriber].isAttached {
                trailing[subscriber].closeOffset = logs[trailing[subscriber].log].tail.offset
            }
        case .ping, .pong:
            break
        }
        return true
    }

    private mutating func startClosing(_ subscriber: SlabIndex<TrailingSubscriber>) {
        trailing[subscriber].isClosing = true
        // What is in flight decides where the frame ends: its report comes first.
        if trailing[subscriber].state == .inFlight || !trailing[subscriber].isAttached { return }
        let log = trailing[subscriber].log
        detach(subscriber)
        trim(log)
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
