import Primitives

/// The jobs of a reactor, in two lanes: those of tasks whose last job was short, and those of tasks whose last job was
/// long.
///
/// A turn runs only the jobs that were queued when `beginTurn` was called. A job that yields, or that resumes another,
/// runs again in the next turn, after completions, timers and the flush. Within the turn the short lane runs first, up
/// to its time. The long lane has its own time and runs at least one job. Tasks that compute therefore do not delay the
/// others, and make progress in each turn. Only its last job classifies a task, so a wrong guess costs it one turn.
///
/// While the turn has time, a job that begins new work may run without being queued (`started`). It takes the time of the
/// short lane.
///
/// Generic over the job for tests. Belongs to one thread.
struct JobQueue<Job> {
    /// A job and the task that it belongs to.
    private struct Entry {
        let job: Job
        let task: UInt
    }

    private struct Lane {
        private var entries = FIFOQueue<Entry>()
        /// The number of the first entries that were queued when the turn began, and have not run.
        private var turnEntryCount = 0

        var count: Int { entries.count }
        var hasTurnEntry: Bool { turnEntryCount > 0 }

        mutating func append(_ entry: Entry) { entries.append(entry) }
        mutating func beginTurn() { turnEntryCount = entries.count }
        mutating func endTurn() { turnEntryCount = 0 }

        /// Takes an entry of the turn.
        mutating func popFirst() -> Entry {
            guard let entry = entries.popFirst() else { preconditionFailure("an entry of the turn is queued") }
            turnEntryCount -= 1
            return entry
        }
    }

    private let limits: JobLimits
    private var short = Lane()
    private var long = Lane()
    /// The cell of a task's hash contains the task if its last job was long; 0 is none. A collision forgets one of the
    /// two.
    private var longTasks: [UInt]
    private var spentOnShort: UInt64 = 0
    private var spentOnLong: UInt64 = 0
    private var longCount = 0
    private var remainingCount: Int
    private var isInLongLane = false

    init(_ limits: JobLimits) {
        precondition(limits.longTaskCountMax.nonzeroBitCount == 1, "a table of a power of two")
        self.limits = limits
        longTasks = Array(repeating: 0, count: limits.longTaskCountMax)
        remainingCount = limits.countPerTurnMax
    }

    /// The number of pending jobs.
    var count: Int { short.count + long.count }

    /// Queues a job of `task`, an identifier that all jobs of a task share and that is not 0. O(1) amortised.
    mutating func append(_ job: Job, task: UInt) {
        let entry = Entry(job: job, task: task)
        if longTasks[cell(task)] == task { long.append(entry) } else { short.append(entry) }
    }

    /// The jobs that are queued now belong to this turn, and jobs that are appended later to the next one.
    mutating func beginTurn() {
        short.beginTurn()
        long.beginTurn()
    }

    /// Whether no job waits in the short lane.
    var isShortLaneEmpty: Bool { short.count == 0 }

    /// Whether the turn has time for another short job.
    var hasTime: Bool { spentOnShort < limits.shortNanosecondsPerTurn && remainingCount > 0 }

    /// A job of `task` ran for `nanoseconds` without being queued, as it began new work. O(1).
    mutating func started(task: UInt, nanoseconds: UInt64) {
        isInLongLane = false
        remainingCount -= 1
        ended(task: task, nanoseconds: nanoseconds)
    }

    /// The turn's next job; nil when the turn has no more jobs or no more time. Call `ended` after it ran. O(1).
    mutating func next() -> (job: Job, task: UInt)? {
        let isShortOpen = short.hasTurnEntry && hasTime
        let isLongOpen = long.hasTurnEntry && (longCount == 0 || spentOnLong < limits.longNanosecondsPerTurn)
        isInLongLane = !isShortOpen
        guard isShortOpen || isLongOpen else { return nil }
        remainingCount -= 1
        if isInLongLane { longCount += 1 }
        let entry = isInLongLane ? long.popFirst() : short.popFirst()
        return (entry.job, entry.task)
    }

    /// The job that `next` returned last ran for `nanoseconds`. O(1).
    mutating func ended(task: UInt, nanoseconds: UInt64) {
        if isInLongLane { spentOnLong += nanoseconds } else { spentOnShort += nanoseconds }
        let cell = cell(task)
        if nanoseconds >= limits.longJobNanoseconds {
            longTasks[cell] = task
        } else if longTasks[cell] == task {
            longTasks[cell] = 0
        }
    }

    /// Ends the turn's jobs. The next turn has its whole time again.
    mutating func endTurn() {
        short.endTurn()
        long.endTurn()
        spentOnShort = 0
        spentOnLong = 0
        longCount = 0
        remainingCount = limits.countPerTurnMax
    }

    /// Tasks are identified by their addresses, whose low bits are equal.
    private func cell(_ task: UInt) -> Int {
        Int(truncatingIfNeeded: (task >> 4) &* 0x9e37_79b9_7f4a_7c15 >> 32) & (longTasks.count - 1)
    }
}

/// The limits of a turn's jobs.
struct JobLimits {
    /// The number of jobs of both lanes.
    var countPerTurnMax: Int
    /// Time for the jobs of the short lane.
    var shortNanosecondsPerTurn: UInt64
    /// Time for the jobs of the long lane; the first of a turn runs in any case.
    var longNanosecondsPerTurn: UInt64
    /// A task continues in the long lane after a job that took at least this long.
    var longJobNanoseconds: UInt64
    /// The number of tasks that are remembered as long, a power of two.
    var longTaskCountMax = 1_024
}
