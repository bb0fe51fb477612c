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
            takeAway(stream, backAt: MonotonicInstant(nanoseconds: 0))
            streams[stream].catchesUp = true
            closeStream(stream)
            disturbances.away.append(UInt32(stream))
        }
    }

    private func bringBack(_ now: MonotonicInstant) {
        disturbances.hasReturned = true
        for stream in disturbances.away {
            streams[Int(stream)].connectIntendedAt = now
            disturbances.reopenLater.append(stream)
        }
        disturbances.away = []
    }
}
