/// The bounds of a run. Whatever is asked for, no run goes beyond them.
package enum LoadLimits {
    /// The longest text of a message, in bytes: what the server takes by default.
    package static let textByteCountMax = 16_384
    /// Streams and posting connections of a run.
    package static let connectionCountMax = 2_000_000
    /// Shops of a run.
    package static let shopCountMax = 1_000_000
    /// Groups of shops up to which each has latencies of its own in the report.
    package static let measuredGroupCountMax = 16
    /// Writers of a shop: a stream remembers a place for each.
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
    /// Requests that may wait in a lane for their turn: behind it the lane counts what it cannot even queue.
    package static let backlogCountMax = 4_000_000
    /// Messages of a run that the server may refuse or leave unanswered before they are no longer told apart from
    /// lost ones.
    package static let unacknowledgedCountMax = 1 << 20
    /// The longest message that a stream may receive, in bytes.
    package static let messageByteCountMax = 1 << 20
    /// The longest list that a server may answer with, in bytes.
    package static let listByteCountMax = 64 << 20
    /// Bytes of one file of scenarios or tokens.
    package static let fileByteCountMax = 256 << 20
}
