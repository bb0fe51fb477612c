import Primitives
import Reactor
import WebSocket

// Streams that come back after the server ended them, as clients do: they wait as advised, connect again at a bounded
// rate, and catch up. Without `--reconnect` an ended stream stays away.

extension Lane {
    /// An open stream is about to be left because of `end`.
    func streamLost(_ stream: Int, _ end: StreamEnd) {
        guard plan.reconnectsPerSecondMax != nil, !streams[stream].isSlow, phase < .posted else { return }
        streams[stream].isReconnecting = true
        guard reconnectLater(stream, end) else {
            streams[stream].isReconnecting = false
            return
        }
        streams[stream].catchesUp = true
        if end.isAnnounced { streams[stream].isTakenAway = true }
    }

    /// Queues a stream that is to come back; false when it is not one, or has to stay away for good.
    func reconnectLater(_ stream: Int, _ end: StreamEnd) -> Bool {
        guard streams[stream].isReconnecting, phase < .posted else { return false }
        guard let wait = end.wait(failureCount: Int(streams[stream].failureCount), using: &random) else { return false }
        reconnects.add(UInt32(stream), after: wait, at: reactor.io.now)
        return true
    }

    /// Opens the streams whose wait is over.
    func reconnect(_ now: MonotonicInstant) {
        guard phase < .posted else { return }
        for stream in reconnects.takeDue(at: now) {
            // The end of its last connection may not be complete.
            if streams[Int(stream)].phase == .idle {
                toOpen.append(stream)
            } else {
                disturbances.reopenLater.append(stream)
            }
        }
    }

    /// Reads the file of tokens again when it was replaced: an issuer that changed its key has signed new ones.
    func renewTokens(_ now: MonotonicInstant) {
        guard let renewed = tokenFile?.renewed(at: now) else { return }
        tokens = renewed
        do throws(LoadConfigurationError) {
            postHead = try Self.postHead(plan, tokens)
        } catch {
            failure = failure ?? error
        }
    }
}
