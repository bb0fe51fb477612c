/// The limits of this module that no setting changes.
package enum Limits {
    /// The number of users whose recent writes and uploads one shard remembers. Beyond it, some are evicted too early.
    package static let limitedUserCountMax = 1 << 18
    /// The attempts without a valid token that one address has for each attempt of a user: proxies share addresses.
    package static let addressAttemptFactor = 10
    /// Bytes that a client may send on its stream at once.
    package static let clientByteCountBurst = 4 << 20
    /// Bytes that a client may send on its stream per second, on average.
    package static let clientBytesPerSecond = 128 << 10
    /// What each frame of a client costs in addition to its bytes.
    package static let clientSendByteCost = 64
    /// Frames of one client that a reactor handles in a turn. The rest of its receive waits for the next turn.
    package static let clientFramesPerTurn = 64
}
