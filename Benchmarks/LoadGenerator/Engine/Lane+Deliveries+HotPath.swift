import Primitives
import Reactor
import WebSocket

// The path of every delivery: bytes, frames, marker, check, latency. Nothing here allocates unless a message arrives in
// pieces.

extension Lane {
    func streamReceived(_ stream: Int, _ bytes: inout MutableSpan<UInt8>) {
        var offset = 0
        switch streams[stream].phase {
        case .handshaking:
            guard let start = upgradeReceived(stream, bytes.span) else {
                if streams[stream].isSlow, streams[stream].phase == .handshaking {
                    reactor.receive(streams[stream].connection, isMultishot: false)
                }
                return
            }
            offset = start
        case .open, .closing:
            break
        case .idle, .connecting, .securing, .ending:
            return
        }
        framesReceived(stream, &bytes, &offset)
        // A slow stream reads its upgrade response, and nothing more until the end.
        if streams[stream].isSlow, phase >= .posted, streams[stream].phase == .open {
            reactor.receive(streams[stream].connection, isMultishot: false)
        }
    }

    private func framesReceived(_ stream: Int, _ bytes: inout MutableSpan<UInt8>, _ offset: inout Int) {
        let now = reactor.io.now
        if steady.contains(now.nanoseconds) {
            // The kernel had delivered these bytes when the reactor's turn began.
            measurements.receiveDelay.record(nanoseconds: Int64(now.since(reactor.turnBeganAt).wholeNanoseconds))
        }
        var payload: Range<Int>?
        do throws(WebSocketError) {
            while let event = try streams[stream].decoder.nextEvent(in: &bytes, at: &offset) {
                switch event {
                case .messageBegan:
                    payload = nil
                case .payload(let range):
                    if payload == nil, !streams[stream].hasPartial {
                        payload = range
                    } else {
                        if let first = payload { gather(stream, bytes.span.extracting(first)) }
                        payload = nil
                        gather(stream, bytes.span.extracting(range))
                    }
                case .messageEnded:
                    if streams[stream].hasPartial {
                        judgeGathered(stream, at: now)
                    } else {
                        judge(stream, bytes.span.extracting(payload ?? 0..<0), at: now)
                    }
                    payload = nil
                case .ping(let ping):
                    pingReceived(stream, ping, bytes.span)
                case .pong:
                    break
                case .close(let code, let reason):
                    closeReceived(stream, code, reason, bytes.span)
                }
            }
        } catch {
            checker.frameCorrupt()
            leave(stream)
            reactor.close(streams[stream].connection)
            return
        }
        // The message continues in the next buffer.
        if let payload { gather(stream, bytes.span.extracting(payload)) }
    }

    @inline(__always)
    private func judge(_ stream: Int, _ payload: Span<UInt8>, at now: MonotonicInstant) {
        let shop = streams[stream].shop
        guard let found = checker.identify(payload, shop: shop) else { return }
        let marker = found.marker
        let writerCount = plan.writersPerShop
        let writer = Int(marker.channel) % writerCount
        let place = UInt32(stream * writerCount + writer)
        let isDelivery =
            writer == 0
            ? checker.accept(found, place: place, order: &streams[stream].order)
            : checker.accept(found, place: place, order: &otherOrders[stream * (writerCount - 1) + writer - 1])
        guard isDelivery else { return }
        if streams[stream].hasMissed { arrived(marker.sequence, writer: writer, on: stream) }
        // What a slow stream receives at the end is late because of the stream itself.
        guard !streams[stream].isSlow else { return measurements.deliveredUnmeasured() }
        let latency = now.nanoseconds &- min(marker.intended.nanoseconds, now.nanoseconds)
        let isSteady = steady.contains(marker.intended.nanoseconds)
        measurements.delivered(latency, isSteady: isSteady)
        board.recordLive(nanoseconds: latency, ofLane: index)
        guard isSteady else { return }
        if !measurements.deliveryByGroup.isEmpty {
            let group = plan.population.group(ofShop: Int(shop))
            measurements.deliveryByGroup[group].record(nanoseconds: Int64(latency))
        }
        guard let rank = board.recipientRank(marker.sequence, ofChannel: marker.channel) else { return }
        if rank == 1 { measurements.firstRecipient.record(nanoseconds: Int64(latency)) }
        if rank == plan.readingStreamCount(ofShop: Int(shop)) {
            measurements.lastRecipient.record(nanoseconds: Int64(latency))
        }
    }

    @inline(never)
    private func gather(_ stream: Int, _ bytes: Span<UInt8>) {
        streams[stream].hasPartial = true
        // SAFETY: the bytes are copied before the closure returns.
        unsafe bytes.withUnsafeBufferPointer {
            unsafe partials[UInt32(stream), default: []].append(contentsOf: $0)
        }
    }

    @inline(never)
    private func judgeGathered(_ stream: Int, at now: MonotonicInstant) {
        streams[stream].hasPartial = false
        guard let message = partials.removeValue(forKey: UInt32(stream)) else { return }
        judge(stream, message.span, at: now)
    }

    @inline(never)
    private func pingReceived(_ stream: Int, _ ping: ControlPayload, _ bytes: Span<UInt8>) {
        // A ping that arrives while an answer is in flight is not answered, but the next one is (RFC 6455, section
        // 5.5.3).
        guard streams[stream].phase == .open, !streams[stream].isSending else { return }
        var frame: [UInt8] = []
        FrameEncoder.appendPong(answering: ping, from: bytes, mask: .random(using: &random), to: &frame)
        streams[stream].isSending = true
        send(streams[stream].connection, frame)
    }

    @inline(never)
    private func closeReceived(_ stream: Int, _ code: CloseCode?, _ reason: ControlPayload, _ bytes: Span<UInt8>) {
        let connection = streams[stream].connection
        switch streams[stream].phase {
        case .open:
            let number = code?.rawValue ?? 1_005
            measurements.counters.disconnectsByCloseCode[Int(number), default: 0] += 1
            streamLost(stream, .closed(code: number, reason: reason.bytes(from: bytes)))
        case .idle, .connecting, .securing, .handshaking, .closing, .ending:
            break
        }
        leave(stream)
        // The server closes first (section 7.1.1), but both ends know that the stream has ended, so no answer is
        // needed.
        close(connection)
    }
}
