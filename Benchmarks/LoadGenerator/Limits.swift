/// The limits of a run. No option exceeds them.
package enum LoadLimits {
    /// The longest text of a message, in bytes: the server's default limit.
    package static let textByteCountMax = 16_384
    /// Streams and posting connections of a run.
    package static let connectionCountMax = 2_000_000
    /// Shops of a run.
    package static let shopCountMax = 1_000_000
    /// The maximum number of groups of shops that have separate latencies in the report.
    package static let measuredGroupCountMax = 16
    /// Writers per shop. A stream keeps a position for each.
    package static let writerCountMax = 64
    /// Messages a second.
    package static let messagesPerSecondMax = 5_000_000.0
    /// The longest run, warm-up and drain included.
    package static let durationMax = Duration.seconds(24 * 3_600)
    /// Reactors of a process.
    package static let reactorCountMax = 256
    /// Processes of a run.
    package static let processCountMax = 64
    /// Posting connections of a reactor.
    package static let posterCountMax = 1_024
    /// Requests of one posting connection that may be unanswered.
    package static let inFlightCountMax = 1_024
    /// The maximum number of requests that wait in a lane. Beyond it the lane only counts them as unanswered.
    package static let backlogCountMax = 4_000_000
    /// Messages of a run that the server may refuse or leave unanswered. Further ones cannot be distinguished from lost
    /// ones.
    package static let unacknowledgedCountMax = 1 << 20
    /// The longest message that a stream may receive, in bytes.
    package static let messageByteCountMax = 1 << 20
    /// The longest list that a server may answer with, in bytes.
    package static let listByteCountMax = 64 << 20
    /// Bytes of a scenario or token file.
    package static let fileByteCountMax = 256 << 20
}
