/// The jobs of a reactor, in two lanes: those of tasks whose last job was short, and those of tasks whose last job was
/// long.
///
/// A turn runs only the jobs that were queued when `beginTurn` was called: a job that yields, or that resumes another,
/// comes back in the next turn, after completions, timers and the flush. Within the turn the short lane is first, up to
/// its time, and the long lane gets its own time, one job at least. So the work of tasks that compute does not delay the
/// tasks that do not, and makes progress in each turn. A task is known as long by its last job alone, so a wrong guess
/// costs it one turn.
///
/// Generic over the job for tests. Belongs to one thread.
struct JobQueue<Job> {
    /// A job and the task that it is a piece of.
    private struct Entry {
        let job: Job
        let task: UInt
    }

    /// First in, first out; storage grows to the most there ever were.
    private struct Lane {
        private var entries: [Entry] = []
        private var head = 0
        /// Entries below it were there when the turn began.
        private var turnEnd = 0

        var count: Int { entries.count - head }
        var hasTurnEntry: Bool { head < turnEnd }

        mutating func append(_ entry: Entry) { entries.append(entry) }
        mutating func beginTurn() { turnEnd = entries.count }

        mutating func popFirst() -> Entry {
            defer { head += 1 }
            return entries[head]
        }

        /// Frees the room of those that ran.
        mutating func endTurn() {
            if head == entries.count {
                entries.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 4_096 {
                entries.removeFirst(head)
                head = 0
            }
            turnEnd = head
        }
    }

    private let limits: JobLimits
    private var short = Lane()
    private var long = Lane()
    /// A task whose last job was long stands in the cell of its hash; 0 is none. A collision forgets one of two.
    private var longTasks: [UInt]
    private var spentOnShort: UInt64 = 0
    private var spentOnLong: UInt64 = 0
    private var longCount = 0
    private var remainingCount = 0
    private var isInLongLane = false

    init(_ limits: JobLimits) {
        precondition(limits.longTaskCountMax.nonzeroBitCount == 1, "a table of a power of two")
        self.limits = limits
        longTasks = Array(repeating: 0, count: limits.longTaskCountMax)
    }

    /// Jobs that wait.
    var count: Int { short.count + long.count }

    /// Queues a job of `task`, a name that all jobs of a task share and that is not 0. O(1) amortised.
    mutating func append(_ job: Job, task: UInt) {
        let entry = Entry(job: job, task: task)
        if longTasks[cell(task)] == task { long.append(entry) } else { short.append(entry) }
    }

    /// What is queued now is the turn's; what is appended from here on is the next one's.
    mutating func beginTurn() {
        short.beginTurn()
        long.beginTurn()
        spentOnShort = 0
        spentOnLong = 0
        longCount = 0
        remainingCount = limits.countPerTurnMax
    }

    /// The turn's next job; nil when the turn has no more jobs or no more time. `ended` follows. O(1).
    mutating func next() -> (job: Job, task: UInt)? {
        let isShortOpen = short.hasTurnEntry && spentOnShort < limits.shortNanosecondsPerTurn && remainingCount > 0
        let isLongOpen = long.hasTurnEntry && (longCount == 0 || spentOnLong < limits.longNanosecondsPerTurn)
        isInLongLane = !isShortOpen
        guard isShortOpen || isLongOpen else { return nil }
        remainingCount -= 1
        if isInLongLane { longCount += 1 }
        let entry = isInLongLane ? long.popFirst() : short.popFirst()
        return (entry.job, entry.task)
    }

    /// The job that `next` gave last has run for so long. O(1).
    mutating func ended(task: UInt, nanoseconds: UInt64) {
        if isInLongLane { spentOnLong += nanoseconds } else { spentOnShort += nanoseconds }
        let cell = cell(task)
        if nanoseconds >= limits.longJobNanoseconds {
            longTasks[cell] = task
        } else if longTasks[cell] == task {
            longTasks[cell] = 0
        }
    }

    /// The turn's jobs are over.
    mutating func endTurn() {
        short.endTurn()
        long.endTurn()
    }

    /// Tasks are named by their addresses, whose low bits are alike.
    private func cell(_ task: UInt) -> Int {
        Int(truncatingIfNeeded: (task >> 4) &* 0x9e37_79b9_7f4a_7c15 >> 32) & (longTasks.count - 1)
    }
}

/// The bounds of a turn's jobs.
struct JobLimits {
    /// Jobs of both lanes.
    var countPerTurnMax: Int
    /// Time for the jobs of the short lane.
    var shortNanosecondsPerTurn: UInt64
    /// Time for the jobs of the long lane; the first of a turn runs in any case.
    var longNanosecondsPerTurn: UInt64
    /// The task of a job that took so long or longer goes on in the long lane.
    var longJobNanoseconds: UInt64
    /// Tasks that are remembered as long, a power of two.
    var longTaskCountMax = 1_024
}
