/// The bounds of this module that no setting changes.
package enum Limits {
    /// Users whose writes and uploads of late one shard remembers; beyond, some are forgotten before their time.
    package static let limitedUserCountMax = 1 << 18
    /// Attempts without a valid token that one address has for each that a user has: proxies share addresses.
    package static let addressAttemptFactor = 10
}
