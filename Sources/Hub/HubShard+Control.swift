public import Primitives

extension HubShard {
    /// Sends an encoded control frame at the subscriber's next frame boundary, before its pending messages. Control
    /// frames keep their order.
    ///
    /// The frame is copied; at most `HubLimits.controlFrameByteCountMax` bytes. Returns false when the frame is
    /// dropped: a close frame is already pending, another ping or too many pongs are pending, or the subscriber is
    /// gone. With `close` the subscriber leaves its shop: its pending messages are dropped, except for the rest of a
    /// frame that is partly sent. With `closeAfterMessages` it leaves once it has received the messages published so
    /// far, and counts as a subscriber until then. O(1) amortised; O(frame) for a close in the middle of a frame.
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
        // The send in flight determines where the current frame ends: wait for its result.
        if trailing[subscriber].state == .inFlight || !trailing[subscriber].isAttached { return }
        let log = trailing[subscriber].log
        detach(subscriber)
        trim(log)
    }
}

/// The control frames of RFC 6455, section 5.5.
public enum ControlFrameKind: Sendable {
    /// Asks for a pong; dropped while another ping is pending.
    case ping
    /// Answers a ping; replaces the last pending pong when too many are pending.
    case pong
    /// Ends the stream at the next frame boundary: nothing is sent after it.
    case close
    /// Ends the stream after the messages published so far: nothing is sent after it.
    case closeAfterMessages
}
