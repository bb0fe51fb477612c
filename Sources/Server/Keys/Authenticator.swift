import Auth
import Primitives

/// Verifies the tokens of one reactor with the current keys.
///
/// With a file of keys (`KeyReloader`) each verification first compares versions. A key that was removed from the file
/// verifies nothing from then on, not even tokens that were verified before. Belongs to its reactor; time is an
/// argument.
struct Authenticator {
    private let verifier: TokenVerifier
    private let reloader: KeyReloader?
    /// The version of the keys that `verifier` has.
    private var keysVersion: UInt64 = 0

    /// - Parameter reloader: The keys of all reactors, when they come from a file.
    init(settings: TokenSettings, reloader: KeyReloader? = nil) {
        verifier = TokenVerifier(settings: settings)
        self.reloader = reloader
    }

    /// Counts of the cache of verified tokens.
    var cacheStatistics: TokenCache.Statistics { verifier.cacheStatistics }
    /// Counts of the file's reads; nil without a file.
    var reloadStatistics: KeyReloader.Statistics? { reloader?.statistics }

    /// The identity of a token at the civil time `now`. Does not suspend; O(length), see `TokenVerifier`.
    mutating func verify(_ token: Span<UInt8>, now: Timestamp) throws(AuthError) -> Identity {
        if let (keys, version) = reloader?.newer(than: keysVersion) {
            verifier.replaceKeys(keys)
            keysVersion = version
        }
        return try verifier.verify(token, now: now)
    }

    /// Uses other keys from now on, when they come from a secret alone.
    func replaceKeys(_ keys: KeySet) { verifier.replaceKeys(keys) }

    /// A read of the file that a token with an unknown key may wait for; nil when none is in flight or due.
    func joinReload() -> PendingReload? {
        guard let reloader, let ticket = reloader.join(known: keysVersion) else { return nil }
        return PendingReload(reloader: reloader, ticket: ticket)
    }

    /// Drops verified tokens that have expired; for housekeeping.
    func removeExpired(now: Timestamp) { verifier.removeExpired(now: now) }

    /// A read of the keys that a request waits for.
    struct PendingReload: Sendable {
        fileprivate let reloader: KeyReloader
        fileprivate let ticket: KeyReloader.Ticket

        /// Returns when the keys were read, at the latest after `KeyReloadMachine.waitMax`.
        func wait() async { await reloader.wait(ticket) }
    }
}
