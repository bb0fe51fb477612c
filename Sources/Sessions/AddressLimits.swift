package import Auth
package import Primitives

/// The open connections of each client address, and its attempts without a valid token, against the limits of one
/// address. IPv6 addresses count by their /64.
///
/// It lives on the shard that owns the address's hash, so that the limits hold whatever reactor the kernel gives a
/// connection to. A value without a clock and without I/O; time is an argument. Every operation is O(1).
package struct AddressLimits {
    /// 0 is no limit, here and for attempts.
    private let connectionCountMax: Int
    private let attemptCountMax: Int
    private var attempts: AttemptLimiter<PeerAddress>
    private var connectionCounts: [PeerAddress: Int] = [:]

    /// Limits under which no connection is open. Of attempts without a token an address has ten for each that a user has,
    /// since proxies share addresses.
    package init(connectionCountMax: Int = 0, userAttemptsPerMinuteMax: Int = 0) {
        self.connectionCountMax = connectionCountMax
        attemptCountMax = min(userAttemptsPerMinuteMax * Limits.addressAttemptFactor, Auth.Limits.attemptCountMax)
        // Without a limit nothing asks it.
        attempts = AttemptLimiter(attemptCountMax: max(1, attemptCountMax))
    }

    /// Whether connections are limited at all: if not, they need not be counted.
    package var areConnectionsLimited: Bool { connectionCountMax > 0 }
    /// Whether attempts are limited at all.
    package var areAttemptsLimited: Bool { attemptCountMax > 0 }

    /// The addresses that have connections.
    package var connectedAddressCount: Int { connectionCounts.count }
    /// Addresses that were forgotten before their time: the limit of attempts was not enforced for them.
    package var evictionCount: Int { attempts.evictionCount }

    /// Counts a connection of the address, to be released once; false when the address has as many as allowed.
    package mutating func reserveConnection(of address: PeerAddress) -> Bool {
        let key = address.countedNetwork
        guard connectionCounts[key, default: 0] < connectionCountMax else { return false }
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

    /// Drops attempts that no longer count; for housekeeping.
    package mutating func removeExpired(at now: MonotonicInstant) { attempts.removeExpired(now: now) }
}
