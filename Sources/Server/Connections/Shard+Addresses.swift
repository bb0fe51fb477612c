import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor

// Limits by address. Like a user's, they are counted on one reactor, the one that owns the address's hash, so that they
// hold for the server whatever reactor the kernel gives a connection to.

extension Shard {
    /// The shard that counts an address's connections and attempts.
    func owner(of address: PeerAddress) -> Shard<IO> {
        // Fibonacci hashing: the low bits alone would put every address of a network on one shard.
        let key = address.countedNetwork
        let hash = (key.high ^ key.low) &* 0x9e37_79b9_7f4a_7c15
        return peers[Int((hash >> 32) % UInt64(peers.count))]
    }

    /// The address to count requests by: what trusted proxies say they forward for, else the peer's own.
    func clientAddress(_ peer: PeerAddress?, _ head: RequestHead) -> PeerAddress? {
        guard let peer, let name = HTTPField.Name("X-Forwarded-For") else { return nil }
        return ForwardedAddress.client(
            peer: peer, fieldValues: head.fields[values: name], proxies: configuration.trustedProxies)
    }

    // MARK: - Connections of an address

    /// Whether connections of the address are counted: when there is a limit, and not those of a trusted proxy, which
    /// stands for many clients.
    func isCounted(_ address: PeerAddress) -> Bool {
        configuration.connectionsPerAddressMax > 0 && !configuration.trustedProxies.contains(address)
    }

    /// Asks the owner of the address for room; the connection is read from when there is some, else closed.
    func admitCounted(_ connection: ConnectionID, from address: PeerAddress) async {
        let isAdmitted = await onShard(owner(of: address)) { shard in shard.countConnection(of: address) }
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

    private func countConnection(of address: PeerAddress) -> Bool {
        let key = address.countedNetwork
        guard connectionsByAddress[key, default: 0] < configuration.connectionsPerAddressMax else { return false }
        connectionsByAddress[key, default: 0] += 1
        return true
    }

    /// Tells the owner of the address that one of its connections ended.
    func release(_ address: PeerAddress) {
        post(.releaseAddress(address), to: owner(of: address).index)
    }

    func addressReleased(_ address: PeerAddress) {
        let key = address.countedNetwork
        guard let count = connectionsByAddress[key] else {
            preconditionFailure("an address gave back a connection that it does not hold")
        }
        connectionsByAddress[key] = count == 1 ? nil : count - 1
    }

    // MARK: - Attempts without a token

    /// Counts an attempt to open a stream without a valid token; how long to wait when there were too many.
    func countFailedAttempt(of address: PeerAddress?) async throws(APIError) {
        guard let address, configuration.stream.attemptsPerMinuteMax > 0 else { return }
        let decision = await onShard(owner(of: address)) { shard in
            shard.attemptsByAddress.attempt(address.countedNetwork, now: shard.reactor.now)
        }
        if case .refused(let seconds) = decision { throw .tooManyAttempts(retryAfterSeconds: seconds) }
    }
}
