import Glibc
import Primitives
import Reactor

// Deliberate disturbances of streams in the steady part: streams are closed and reopened, cut off all at once, or leave
// and return to read what they missed.

extension Lane {
    func disturb(_ now: MonotonicInstant) {
        guard steady.contains(now.nanoseconds), disturbances.sendingEndedAt == nil else { return }
        let fraction = Double(now.nanoseconds - steady.lowerBound) / Double(max(steady.count, 1))
        if plan.scenario.churnPerSecond > 0 { churn(now) }
        if plan.scenario.hasStorm, fraction >= 0.5, !disturbances.hasStormed { storm(now) }
        if plan.scenario.catchUpShare > 0 {
            if fraction >= 0.25, !disturbances.hasLeft { sendAway() }
            if fraction >= 0.5, !disturbances.hasReturned { bringBack(now) }
        }
    }

    private func churn(_ now: MonotonicInstant) {
        let elapsed = now.since(disturbances.churnedAt ?? now)
        disturbances.churnedAt = now
        disturbances.churnCredit +=
            Double(elapsed.wholeNanoseconds) / 1e9 * plan.scenario.churnPerSecond / Double(streamShare.count)
        var looked = 0
        while disturbances.churnCredit >= 1, looked < streams.count {
            looked += 1
            let stream = disturbances.churnCursor
            disturbances.churnCursor = (stream + 1) % streams.count
            guard streams[stream].phase == .open, !streams[stream].isSlow else { continue }
            disturbances.churnCredit -= 1
            streams[stream].reopens = true
            takeAway(stream, backAt: now)
            closeStream(stream)
        }
    }

    private func storm(_ now: MonotonicInstant) {
        disturbances.hasStormed = true
        for stream in streams.indices where streams[stream].phase == .open {
            streams[stream].reopens = true
            takeAway(stream, backAt: now)
            leave(stream)
            reactor.close(streams[stream].connection)
        }
    }

    /// Prepares to close a stream that is meant to reopen at `backAt`; 0 when that time is set later.
    private func takeAway(_ stream: Int, backAt: MonotonicInstant) {
        streams[stream].isTakenAway = true
        streams[stream].connectIntendedAt = backAt
    }

    // MARK: - Catching up

    private func sendAway() {
        disturbances.hasLeft = true
        let count = Int((Double(streams.count) * plan.scenario.catchUpShare).rounded())
        for ordinal in 0..<count {
            let stream = ordinal * streams.count / count
            guard streams[stream].phase == .open, !streams[stream].isSlow else { continue }
            // Messages in flight to the stream are younger than this.
            disturbances.since[UInt32(stream)] = Self.wallClock(before: .seconds(2))
            takeAway(stream, backAt: MonotonicInstant(nanoseconds: 0))
            closeStream(stream)
            disturbances.away[UInt32(stream)] = []
        }
    }

    private func bringBack(_ now: MonotonicInstant) {
        disturbances.hasReturned = true
        for stream in disturbances.away.keys {
            // The position at which the stream ended: everything before it arrived, except for skipped numbers.
            var wanted: [UInt32] = []
            forEachChannel(of: Int(stream)) { _, _, order in wanted.append(order.next) }
            disturbances.away[stream] = wanted
            streams[Int(stream)].catchesUp = true
            streams[Int(stream)].connectIntendedAt = now
            disturbances.reopenLater.append(stream)
        }
    }

    /// A stream that was away is open again. Requests the messages in between by REST.
    func catchUp(_ stream: Int, _ now: MonotonicInstant) {
        let number = UInt32(stream)
        streams[stream].catchesUp = false
        guard let wanted = disturbances.away.removeValue(forKey: number) else { return }
        var missed: [Range<UInt32>] = []
        forEachChannel(of: stream) { _, _, order in
            let from = min(wanted[missed.count], order.next)
            missed.append(from..<order.next)
        }
        if missed.contains(where: { !$0.isEmpty }) { ask(forMissed: missed, by: number, now) }
    }

    private func ask(forMissed missed: [Range<UInt32>], by stream: UInt32, _ now: MonotonicInstant) {
        disturbances.missed[stream] = missed
        let ticket = Ticket(kind: .catchUp, shop: streams[Int(stream)].shop, intended: now, sequence: stream)
        append(ticket, to: poster(ofShop: ticket.shop, writer: 0))
    }

    /// Checks a list: every message that the stream missed must be in it, or in one of the lists that follow.
    func caughtUp(_ ticket: Ticket, _ body: [UInt8], _ now: MonotonicInstant) {
        let stream = ticket.sequence
        guard var missed = disturbances.missed.removeValue(forKey: stream) else { return }
        let firstChannel = ticket.shop * UInt32(plan.writersPerShop)
        for marker in Self.markers(in: body) where marker.run == plan.run && marker.channel >= firstChannel {
            let writer = Int(marker.channel - firstChannel)
            guard writer < missed.count, missed[writer].contains(marker.sequence) else { continue }
            var passed = MissingSequences()
            passed.append(missed[writer].lowerBound..<marker.sequence)
            checker.passedOver(passed, channel: marker.channel)
            missed[writer] = marker.sequence + 1..<missed[writer].upperBound
        }
        guard missed.contains(where: { !$0.isEmpty }) else { return }
        if Self.hasMore(body), let since = Self.lastCreatedAt(body), since != disturbances.since[stream] {
            disturbances.since[stream] = since
            ask(forMissed: missed, by: stream, now)
            return
        }
        for writer in missed.indices {
            var rest = MissingSequences()
            rest.append(missed[writer])
            checker.passedOver(rest, channel: firstChannel + UInt32(writer))
        }
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

    private static func wallClock(before: Duration) -> String {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        return Timestamp(microsecondsSinceEpoch: microseconds - before.components.seconds * 1_000_000).rfc3339
    }
}
