package import Auth
package import Primitives

/// Counts the open connections of each client address, and its attempts without a valid token, against the limits of
/// one address. IPv6 addresses count by their /64.
///
/// It belongs to the shard that owns the address's hash, so the limits hold whichever reactor accepts a connection. A
/// value without a clock and without I/O; the time is an argument. Every operation is O(1).
package struct AddressLimits {
    /// 0 means no limit, here and for attempts.
    private var connectionCountMax: Int
    private var attemptCountMax: Int
    private var attempts: AttemptLimiter<PeerAddress>
    /// Evictions by earlier limiters of attempts.
    private var earlierEvictionCount = 0
    private var connectionCounts: [PeerAddress: Int] = [:]

    /// Creates limits without open connections. An address has ten attempts without a token for each attempt of a user,
    /// because proxies share addresses.
    package init(connectionCountMax: Int = 0, userAttemptsPerMinuteMax: Int = 0) {
        self.connectionCountMax = connectionCountMax
        attemptCountMax = Self.attemptCountMax(userAttemptsPerMinuteMax)
        // Not used when attempts are not limited.
        attempts = AttemptLimiter(attemptCountMax: max(1, attemptCountMax))
    }

    private static func attemptCountMax(_ userAttemptsPerMinuteMax: Int) -> Int {
        min(userAttemptsPerMinuteMax * Limits.addressAttemptFactor, Auth.Limits.attemptCountMax)
    }

    /// Changes the limits. Open connections stay, and those that were not counted are not counted later. With another
    /// limit of attempts, earlier attempts no longer count.
    package mutating func change(connectionCountMax: Int, userAttemptsPerMinuteMax: Int) {
        self.connectionCountMax = connectionCountMax
        let attemptCountMax = Self.attemptCountMax(userAttemptsPerMinuteMax)
        guard attemptCountMax != self.attemptCountMax else { return }
        self.attemptCountMax = attemptCountMax
        earlierEvictionCount += attempts.evictionCount
        attempts = AttemptLimiter(attemptCountMax: max(1, attemptCountMax))
    }

    /// Whether connections are limited. If not, they need not be counted.
    package var areConnectionsLimited: Bool { connectionCountMax > 0 }
    /// Whether attempts are limited.
    package var areAttemptsLimited: Bool { attemptCountMax > 0 }

    /// The number of addresses with open connections.
    package var connectedAddressCount: Int { connectionCounts.count }
    /// The number of addresses that were evicted too early, so that the limit of attempts was not enforced for them.
    package var evictionCount: Int { earlierEvictionCount + attempts.evictionCount }

    /// Counts a connection of the address, which must be released once. Returns false when the address has as many as
    /// allowed. Without a limit it is counted too: the caller's shard may not have heard yet that the limit is gone.
    package mutating func reserveConnection(of address: PeerAddress) -> Bool {
        let key = address.countedNetwork
        guard connectionCountMax == 0 || connectionCounts[key, default: 0] < connectionCountMax else { return false }
        connectionCounts[key, default: 0] += 1
        return true
    }

    /// A connection that was counted has ended. Releasing more than was reserved is a bug and stops the process.
    package mutating func releaseConnection(of address: PeerAddress) {
        let key = address.countedNetwork
        guard let count = connectionCounts[key] else {
            preconditionFailure("a connection of an address was released that is not counted")
        }
        connectionCounts[key] = count == 1 ? nil : count - 1
    }

    /// Counts an attempt to open a stream without a valid token.
    package mutating func attempt(
        of address: PeerAddress, at now: MonotonicInstant
    ) -> AttemptLimiter<PeerAddress>.Decision {
        areAttemptsLimited ? attempts.attempt(address.countedNetwork, now: now) : .allowed
    }

    /// Drops attempts that no longer count. For housekeeping.
    package mutating func removeExpired(at now: MonotonicInstant) { attempts.removeExpired(now: now) }
}
