import Glibc
import Primitives

// A stream that was away reads by REST what it missed.

extension Lane {
    /// A stream is being left and will catch up: what it has is noted.
    func left(_ stream: Int) {
        let number = UInt32(stream)
        var next: [UInt32] = []
        forEachChannel(of: stream) { _, _, order in next.append(order.next) }
        if catchUps.missed[number]?.ended(next: next) == nil { catchUps.missed[number] = MissedMessages(next: next) }
        // A catch-up that is not complete goes on from where it began.
        if catchUps.missed[number]?.isEmpty == true { catchUps.leftAt[number] = Self.microsecondsSinceEpoch }
    }

    /// The stream is open again. Requests the messages in between.
    func catchUp(_ stream: Int, _ now: MonotonicInstant) {
        let number = UInt32(stream)
        streams[stream].catchesUp = false
        var baselines: [UInt32] = []
        forEachChannel(of: stream) { _, _, order in baselines.append(order.next) }
        catchUps.missed[number]?.opened(baselines: baselines)
        guard let missed = catchUps.missed[number] else { return }
        streams[stream].hasMissed = true
        if missed.isEmpty { return }
        if catchUps.asks[number] != nil {
            catchUps.asks[number]?.isOutdated = true
        } else {
            catchUps.asks[number] = CatchUps.Ask(since: since(number, CatchUps.marginFirst))
            ask(number, now)
        }
    }

    private func ask(_ stream: UInt32, _ now: MonotonicInstant) {
        let shop = streams[Int(stream)].shop
        append(Ticket(kind: .catchUp, shop: shop, intended: now, sequence: stream), to: poster(ofShop: shop, writer: 0))
    }

    private func askLater(_ stream: UInt32, _ now: MonotonicInstant) {
        catchUps.later.append((stream, now + CatchUps.pause))
    }

    /// Asks for the lists whose pause is over.
    func askAgain(_ now: MonotonicInstant) {
        guard phase < .posted, catchUps.later.contains(where: { $0.at <= now }) else { return }
        let due = catchUps.later.filter { $0.at <= now }
        catchUps.later.removeAll { $0.at <= now }
        for (stream, _) in due { ask(stream, now) }
    }

    /// A list was not answered, or was refused.
    func catchUpFailed(_ ticket: Ticket, _ now: MonotonicInstant) {
        if catchUps.asks[ticket.sequence] != nil { askLater(ticket.sequence, now) }
    }

    /// A page of a list was read: every message that the stream missed must be in it, in one of those that follow, or
    /// arrive on the stream.
    func caughtUp(_ ticket: Ticket, _ body: [UInt8], _ now: MonotonicInstant) {
        let stream = ticket.sequence
        let firstChannel = ticket.shop * UInt32(plan.writersPerShop)
        for marker in Self.markers(in: body) where marker.run == plan.run && marker.channel >= firstChannel {
            let writer = Int(marker.channel - firstChannel)
            guard writer < plan.writersPerShop,
                catchUps.missed[stream]?.listed(marker.sequence, writer: writer) == true
            else { continue }
            checker.deliveryListed()
            measurements.late.record(nanoseconds: Int64(now.since(marker.intended).wholeNanoseconds))
        }
        guard var ask = catchUps.asks[stream] else { return }
        if Self.hasMore(body), let since = Self.lastCreatedAt(body), since != ask.since {
            ask.since = since
            catchUps.asks[stream] = ask
            return self.ask(stream, now)
        }
        ask.listCount += 1
        if ask.isOutdated {
            catchUps.asks[stream] = CatchUps.Ask(since: since(stream, CatchUps.marginFirst))
            return self.ask(stream, now)
        }
        guard catchUps.missed[stream]?.isEmpty == false, ask.listCount <= CatchUps.marginsAfter.count else {
            catchUps.asks[stream] = nil
            return
        }
        ask.since = since(stream, CatchUps.marginsAfter[ask.listCount - 1])
        catchUps.asks[stream] = ask
        askLater(stream, now)
    }

    /// A message arrived on a stream that has missed others.
    @inline(never)
    func arrived(_ sequence: UInt32, writer: Int, on stream: Int) {
        let number = UInt32(stream)
        switch catchUps.missed[number]?.received(sequence, writer: writer) {
        case .listedBefore: checker.listedDeliveryArrived()
        case .missed, .expected, nil: break
        }
        if catchUps.missed[number]?.isOver == true {
            catchUps.missed[number] = nil
            streams[stream].hasMissed = false
        }
    }

    /// At the end of the run, what neither came nor was in a list is for the checker to judge. Streams that are not open
    /// may yet catch up.
    func settleMissed() {
        for (stream, missed) in catchUps.missed where streams[Int(stream)].phase == .open {
            let firstChannel = streams[Int(stream)].shop * UInt32(plan.writersPerShop)
            for writer in 0..<plan.writersPerShop {
                checker.passedOver(missed.missing(ofWriter: writer), channel: firstChannel + UInt32(writer))
            }
        }
    }

    private func since(_ stream: UInt32, _ margin: Duration) -> String {
        let leftAt = catchUps.leftAt[stream] ?? Self.microsecondsSinceEpoch
        return Timestamp(microsecondsSinceEpoch: leftAt - margin.components.seconds * 1_000_000).rfc3339
    }

    private static var microsecondsSinceEpoch: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// The markers of all intact messages of a list.
    private static func markers(in body: [UInt8]) -> [Marker] {
        var found: [Marker] = []
        var position = 0
        while position < body.count, let next = body[position...].firstIndex(of: Marker.magic[0]) {
            var hint = 0
            let rest = body.span.extracting(next..<body.count)
            if case .found(let marker) = Marker.scan(rest, hint: &hint), hint == 0 {
                found.append(marker)
                position = next + Int(marker.textByteCount)
            } else {
                position = next + 1
            }
        }
        return found
    }

    private static func hasMore(_ body: [UInt8]) -> Bool {
        String(decoding: body.suffix(64), as: UTF8.self).contains(#""has_more":true"#)
            || String(decoding: body.prefix(64), as: UTF8.self).contains(#""has_more":true"#)
    }

    /// The time of the last message of a list.
    private static func lastCreatedAt(_ body: [UInt8]) -> String? {
        let key = Array(#""created_at":""#.utf8)
        var index = body.count - key.count
        while index >= 0 {
            if body[index] == key[0], body[index..<index + key.count].elementsEqual(key) {
                return String(decoding: body[(index + key.count)...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            }
            index -= 1
        }
        return nil
    }
}
