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
        let hash = (address.high ^ address.low) &* 0x9e37_79b9_7f4a_7c15
        return peers[Int((hash >> 32) % UInt64(peers.count))]
    }

    /// The address to count requests by: what a trusted proxy says it forwards for, else the peer's own.
    func clientAddress(_ peer: PeerAddress?, _ head: RequestHead) -> PeerAddress? {
        guard let peer, configuration.trustedProxies.contains(peer),
            let name = HTTPField.Name("X-Forwarded-For"), let field = head.fields[name]
        else { return peer }
        // The last entry is the one that the proxy itself added.
        guard let last = field.split(separator: ",").last else { return peer }
        return PeerAddress(String(last.trimmingSpaces)) ?? peer
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
        guard connectionsByAddress[address, default: 0] < configuration.connectionsPerAddressMax else { return false }
        connectionsByAddress[address, default: 0] += 1
        return true
    }

    /// Tells the owner of the address that one of its connections ended.
    func release(_ address: PeerAddress) {
        post(.releaseAddress(address), to: owner(of: address).index)
    }

    func addressReleased(_ address: PeerAddress) {
        guard let count = connectionsByAddress[address] else {
            preconditionFailure("an address gave back a connection that it does not hold")
        }
        connectionsByAddress[address] = count == 1 ? nil : count - 1
    }

    // MARK: - Attempts without a token

    /// Counts an attempt to open a stream without a valid token; how long to wait when there were too many.
    func countFailedAttempt(of address: PeerAddress?) async throws(APIError) {
        guard let address, configuration.stream.attemptsPerMinuteMax > 0 else { return }
        let decision = await onShard(owner(of: address)) { shard in
            shard.attemptsByAddress.attempt(address, now: shard.reactor.now)
        }
        if case .refused(let seconds) = decision { throw .tooManyAttempts(retryAfterSeconds: seconds) }
    }
}
