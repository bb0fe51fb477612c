import Auth
import HTTP
import Primitives
import Reactor

// Key rotation: the issuer of tokens writes a new file of keys. It is read every now and then, and when a token names a
// key that is not in the set; that token waits for the read and is judged by what was read, as on every reactor.

extension Shard {
    /// The identity of a token, judged by the keys of this moment. A key that the set no longer holds verifies nothing from
    /// here on, tokens that were verified before included; open streams end when their token expires.
    func verify(_ token: String?) throws(AuthError) -> Identity {
        guard let token else { throw .missing }
        if let (keys, version) = tokenKeys?.newer(than: keysVersion) {
            verifier.replaceKeys(keys)
            keysVersion = version
        }
        return try verifier.verify(token, now: civilTime)
    }

    /// The same; a token whose key is unknown waits for a read of the keys, when one is in flight or due.
    func verifyAwaitingKeys(_ token: String?) async throws(AuthError) -> Identity {
        do throws(AuthError) {
            return try verify(token)
        } catch .unknownKey {
            guard let tokenKeys, await tokenKeys.isWorthAnotherLook(known: keysVersion) else { throw .unknownKey }
        }
        return try verify(token)
    }

    /// Stops reading a request whose token names an unknown key, when a read of the keys is in flight or due, and goes on
    /// with the rest of its bytes after that. False when there is nothing to wait for.
    func pauseForKeys(_ connection: ConnectionID, _ state: HTTPConnection, _ rest: Span<UInt8>) -> Bool {
        guard !state.hasAwaitedKeys, let tokenKeys, let ticket = tokenKeys.join(known: keysVersion) else {
            return false
        }
        // It is no failure yet.
        counters.authFailures[.unknownKey, default: 1] -= 1
        state.hasAwaitedKeys = true
        state.leftover = []
        state.leftover.append(contentsOf: rest)
        if let timer = state.timer { reactor.cancel(timer) }
        state.timer = nil
        state.phase = .handling
        Task(executorPreference: reactor) {
            await tokenKeys.wait(ticket)
            self.keysAwaited(connection)
        }
        return true
    }
}

extension Shard {
    /// The reads of the file of keys; nothing without one.
    func writeKeys(_ text: inout PrometheusText) {
        guard let statistics = tokenKeys?.statistics else { return }
        text.single(
            "shopstream_key_set_reads_total", "counter", "Reads of the file of keys.", Double(statistics.readCount))
        text.single(
            "shopstream_key_set_changes_total", "counter", "Reads that found other keys.",
            Double(statistics.changeCount))
        text.single(
            "shopstream_key_set_failures_total", "counter", "Reads that failed: the old keys went on.",
            Double(statistics.failureCount))
        text.single(
            "shopstream_key_set_current", "gauge", "Whether the last read of the file of keys succeeded.",
            statistics.isCurrent ? 1 : 0)
    }
}
