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
    /// The rounds in a ping period in which a reactor sends the pings of its streams. Few rounds cost less, many delay
    /// messages less: with 54 s and 10,000 streams a round is every 0.2 s, and has 40 pings.
    package static let pingRoundCount = 256
    /// The time for a request's head to arrive.
    package static let headWait: Duration = .seconds(10)
    /// The time for a request's body to arrive.
    package static let bodyWait: Duration = .seconds(30)
    /// How long a connection may be idle between requests, by default.
    package static let keepAliveWait: Duration = .seconds(75)
    /// Bytes per second that a peer must take or send: see `ProgressWatch`.
    package static let progressBytesPerSecondMin = 4 << 10
    /// How far a peer may fall behind that rate before it is disconnected.
    package static let progressWait: Duration = .seconds(10)
    /// How far a peer may get ahead of that rate.
    package static let progressCreditMax: Duration = .seconds(16)
    /// A timer that fires later than this shows that the process was paused.
    package static let timerLatenessMax: Duration = .seconds(1)
    /// How long the server reads from a connection that it has ended, so that no reset overtakes the last bytes.
    package static let lingerWait: Duration = .seconds(2)
    /// How long a refused body that is being read may bring no bytes.
    package static let refusedBodyIdleWait: Duration = .seconds(5)
    /// How long the server reads a refused body.
    package static let refusedBodyWait: Duration = .seconds(30)
    /// Bytes of a refused body that the server reads.
    package static let refusedBodyByteCountMax = 64 << 20
    /// Bytes that are handed to the kernel at a time, of a response. A peer that takes `progressBytesPerSecondMin` takes
    /// them within `progressWait`.
    package static let sendByteCountMax = 32 << 10
    /// The largest array of a response, in bytes, that other responses may use once it was sent.
    package static let spentByteCountMax = 4_096
}
