import API
import Auth
import HTTP
import Primitives
import Reactor
import Sessions

// Limits by address. Like a user's, they are counted on one reactor, which owns the address's hash, so that they apply
// to the whole server, whichever reactor accepts a connection.

extension Shard {
    /// The shard that counts an address's connections and attempts.
    func owner(of address: PeerAddress) -> Shard<IO> { directory[directory.ownerIndex(of: address)] }

    /// The address that requests are counted by: the one that trusted proxies forward for, else the peer's own.
    func clientAddress(_ peer: PeerAddress?, _ head: RequestHead) -> PeerAddress? {
        guard let peer, head.has(.forwardedFor) else { return peer }
        return ForwardedAddress.client(
            peer: peer, fieldValues: head.values(of: .forwardedFor), proxies: environment.configuration.trustedProxies)
    }

    // MARK: - Connections of an address

    /// Whether connections of the address are counted: only when there is a limit, and not for a trusted proxy, which
    /// forwards for many clients.
    func isCounted(_ address: PeerAddress) -> Bool {
        addressLimits.areConnectionsLimited && !environment.configuration.trustedProxies.contains(address)
    }

    /// Asks the owner of the address for room. When there is some, the connection is read from; else it is closed.
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

    /// A connection of the address ended.
    func release(_ address: PeerAddress) {
        send(.releaseAddress(address), to: directory.ownerIndex(of: address))
    }

    // MARK: - Attempts without a token

    var areFailedAttemptsLimited: Bool { addressLimits.areAttemptsLimited }

    /// On the shard that counts the address.
    func takeFailedAttempt(of address: PeerAddress) throws(APIError) {
        if case .refused(let seconds) = addressLimits.attempt(of: address, at: reactor.now) {
            throw .tooManyAttempts(retryAfterSeconds: seconds)
        }
    }
}
