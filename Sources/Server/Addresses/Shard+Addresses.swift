import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions

// Limits by address. Like a user's, they are counted on one reactor, the one that owns the address's hash, so that they
// hold for the server whatever reactor the kernel gives a connection to.

extension Shard {
    /// The shard that counts an address's connections and attempts.
    func owner(of address: PeerAddress) -> Shard<IO> { directory[directory.ownerIndex(of: address)] }

    /// The address to count requests by: what trusted proxies say they forward for, else the peer's own.
    func clientAddress(_ peer: PeerAddress?, _ head: RequestHead) -> PeerAddress? {
        guard let peer, let name = HTTPField.Name("X-Forwarded-For") else { return nil }
        return ForwardedAddress.client(
            peer: peer, fieldValues: head.fields[values: name], proxies: environment.configuration.trustedProxies)
    }

    // MARK: - Connections of an address

    /// Whether connections of the address are counted: when there is a limit, and not those of a trusted proxy, which
    /// stands for many clients.
    func isCounted(_ address: PeerAddress) -> Bool {
        addressLimits.areConnectionsLimited && !environment.configuration.trustedProxies.contains(address)
    }

    /// Asks the owner of the address for room; the connection is read from when there is some, else closed.
    func admitCounted(_ connection: ConnectionID, from address: PeerAddress) async {
        let isAdmitted = await onShard(owner(of: address)) { shard in
            shard.addressLimits.reserveConnection(of: address)
        }
        guard isAdmitted else {
            counters.addressLimitRefusals += 1
            reactor.close(connection)
            return
        }
        guard reactor.isOpen(connection) else {
            release(address)
            return
        }
        beginHTTP(connection, from: address, isCounted: true)
    }

    /// One of the connections of the address ended.
    func release(_ address: PeerAddress) {
        send(.releaseAddress(address), to: directory.ownerIndex(of: address))
    }

    // MARK: - Attempts without a token

    /// Counts an attempt to open a stream without a valid token; throws how long to wait when there were too many.
    func countFailedAttempt(of address: PeerAddress?) async throws(APIError) {
        guard let address, addressLimits.areAttemptsLimited else { return }
        let decision = await onShard(owner(of: address)) { shard in
            shard.addressLimits.attempt(of: address, at: shard.reactor.now)
        }
        if case .refused(let seconds) = decision { throw .tooManyAttempts(retryAfterSeconds: seconds) }
    }
}
