import Primitives

/// Turns the board's counts into what is shown while a run goes on.
package struct ProgressMeter {
    /// One look at a run.
    package struct Progress: Sendable {
        /// Since the run began.
        package var elapsed: Duration
        /// What is going on, in a word or two.
        package var stage: String
        /// How much of the sending is done, 0 to 1.
        package var fraction: Double
        /// Streams that are open, and that are meant to be.
        package var openStreams: UInt64
        package var streamCount: Int
        /// Streams that were given up.
        package var givenUp: UInt64
        /// Messages written and deliveries read, a second, since the look before.
        package var postsPerSecond: Double
        package var deliveriesPerSecond: Double
        /// Latencies of deliveries since the look before, in nanoseconds; nil without any.
        package var p50: UInt64?
        package var p99: UInt64?
        /// Requests that are due and wait for answers to those before them.
        package var backlog: UInt64
        /// Refused requests, and what no server may do.
        package var refused: UInt64
        package var faults: UInt64
    }

    private let plan: RunPlan
    private let board: Board
    private var at: MonotonicInstant
    private var posted: UInt64 = 0
    private var delivered: UInt64 = 0
    private var buckets: LiveBuckets

    /// A meter that has not looked yet.
    package init(plan: RunPlan, board: Board) {
        self.plan = plan
        self.board = board
        at = board.beganAt
        buckets = board.liveBuckets()
    }

    /// Looks at the board. O(lanes).
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
