/// The limits of this module that no setting changes.
package enum Limits {
    /// The number of users whose recent writes and uploads one shard remembers. Beyond it, some are evicted too early.
    package static let limitedUserCountMax = 1 << 18
    /// The attempts without a valid token that one address has for each attempt of a user: proxies share addresses.
    package static let addressAttemptFactor = 10
}
