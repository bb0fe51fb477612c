import Auth
import Primitives

/// Verifies the tokens of one reactor, by the keys of the moment.
///
/// With a file of keys (`KeyReloader`) each verification first compares versions: a key that the file no longer holds
/// verifies nothing from then on, tokens that were verified before included. Belongs to its reactor; time is an argument.
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

    /// What the cache of verified tokens did so far.
    var cacheStatistics: TokenCache.Statistics { verifier.cacheStatistics }
    /// What the file's readings came to; nil without one.
    var reloadStatistics: KeyReloader.Statistics? { reloader?.statistics }

    /// The identity of a token at the civil time `now`. Nothing suspends; O(length), see `TokenVerifier`.
    mutating func verify(_ token: String?, now: Timestamp) throws(AuthError) -> Identity {
        guard let token else { throw .missing }
        if let (keys, version) = reloader?.newer(than: keysVersion) {
            verifier.replaceKeys(keys)
            keysVersion = version
        }
        return try verifier.verify(token, now: now)
    }

    /// A reading of the file that a token with an unknown key may wait for; nil when none is in flight or due.
    func joinReload() -> PendingReload? {
        guard let reloader, let ticket = reloader.join(known: keysVersion) else { return nil }
        return PendingReload(reloader: reloader, ticket: ticket)
    }

    /// Drops verified tokens that have expired; for housekeeping.
    func removeExpired(now: Timestamp) { verifier.removeExpired(now: now) }

    /// A reading of the keys that a request waits for.
    struct PendingReload: Sendable {
        fileprivate let reloader: KeyReloader
        fileprivate let ticket: KeyReloader.Ticket

        /// Returns when the keys were read, `KeyReloads.waitMax` later at the most.
        func wait() async { await reloader.wait(ticket) }
    }
}
