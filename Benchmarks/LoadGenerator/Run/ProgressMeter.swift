import Primitives

/// Converts the board's counts into the progress of a run.
package struct ProgressMeter {
    /// The progress at one moment.
    package struct Progress: Sendable {
        /// The time since the run began.
        package var elapsed: Duration
        /// The current stage, in one or two words.
        package var stage: String
        /// The completed share of the sending, 0 to 1.
        package var fraction: Double
        /// Open streams, and the streams that should be open.
        package var openStreams: UInt64
        package var streamCount: Int
        /// Streams that were given up.
        package var givenUp: UInt64
        /// Messages written and deliveries read per second, since the previous reading.
        package var postsPerSecond: Double
        package var deliveriesPerSecond: Double
        /// Latencies of deliveries since the previous reading, in nanoseconds; nil without deliveries.
        package var p50: UInt64?
        package var p99: UInt64?
        /// Requests that are due and wait for the answers to earlier ones.
        package var backlog: UInt64
        /// Refused requests, and violations by the server.
        package var refused: UInt64
        package var faults: UInt64
    }

    private let plan: RunPlan
    private let board: Board
    private var at: MonotonicInstant
    private var posted: UInt64 = 0
    private var delivered: UInt64 = 0
    private var buckets: LiveBuckets

    /// Creates a meter.
    package init(plan: RunPlan, board: Board) {
        self.plan = plan
        self.board = board
        at = board.beganAt
        buckets = board.liveBuckets()
    }

    /// Reads the board. O(lanes).
    package mutating func look(stage: String) -> Progress {
        let now = Coordinator.now
        let seconds = max(Double(now.since(at).wholeNanoseconds) / 1e9, 1e-3)
        let newPosted = board.total(.posted)
        let newDelivered = board.total(.delivered)
        let newBuckets = board.liveBuckets()
        let recent = newBuckets.since(buckets)
        let whole = plan.scenario.warmUp + plan.scenario.steady
        let sent = board.startAt.map { now.since($0) } ?? .zero
        defer {
            at = now
            posted = newPosted
            delivered = newDelivered
            buckets = newBuckets
        }
        return Progress(
            elapsed: now.since(board.beganAt), stage: stage, fraction: min(1, sent / whole),
            openStreams: board.total(.openStreams), streamCount: plan.population.streamCount,
            givenUp: board.total(.connectFailures),
            postsPerSecond: Double(newPosted - posted) / seconds,
            deliveriesPerSecond: Double(newDelivered - delivered) / seconds,
            p50: recent.value(atPercentile: 50), p99: recent.value(atPercentile: 99),
            backlog: board.total(.backlog), refused: board.total(.refused), faults: board.total(.faults))
    }
}
