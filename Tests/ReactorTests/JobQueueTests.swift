import Testing

@testable import Reactor

/// Which jobs a turn runs; jobs are numbers here, and so are their tasks.
@Suite struct JobQueueTests {
    static let limits = JobLimits(
        countPerTurnMax: 100, shortNanosecondsPerTurn: 1_000, longNanosecondsPerTurn: 300, longJobNanoseconds: 100)

    /// Runs a turn; each job takes the time in `spans` for its task, 1 without an entry.
    private func turn(
        _ queue: inout JobQueue<Int>, spans: [UInt: UInt64] = [:],
        then: (Int, inout JobQueue<Int>) -> Void = { _, _ in }
    ) -> [Int] {
        var ran: [Int] = []
        queue.beginTurn()
        while let (job, task) = queue.next() {
            ran.append(job)
            then(job, &queue)
            queue.ended(task: task, nanoseconds: spans[task] ?? 1)
        }
        queue.endTurn()
        return ran
    }

    @Test func `a turn runs the jobs that were queued when it began, in order`() {
        var queue = JobQueue<Int>(Self.limits)
        for job in 1...3 { queue.append(job, task: UInt(job) << 4) }
        let ran = turn(&queue) { job, queue in queue.append(job + 10, task: UInt(job) << 4) }
        #expect(ran == [1, 2, 3])
        #expect(queue.count == 3)
        #expect(turn(&queue) == [11, 12, 13])
        #expect(queue.count == 0)
    }

    @Test func `a job that yields without end runs once a turn`() {
        var queue = JobQueue<Int>(Self.limits)
        queue.append(1, task: 16)
        for _ in 0..<10_000 {
            let ran = turn(&queue) { _, queue in queue.append(1, task: 16) }
            #expect(ran == [1])
        }
    }

    @Test func `no job begins when the turn's time is over, and the rest keeps its order`() {
        var queue = JobQueue<Int>(Self.limits)
        for job in 1...30 { queue.append(job, task: UInt(job) << 4) }
        var spans: [UInt: UInt64] = [:]
        for job in 1...30 { spans[UInt(job) << 4] = 99 }
        #expect(turn(&queue, spans: spans) == Array(1...11))
        #expect(turn(&queue, spans: spans) == Array(12...22))
        #expect(turn(&queue, spans: spans) == Array(23...30))
    }

    @Test func `the count of jobs is bounded too`() {
        var queue = JobQueue<Int>(Self.limits)
        for job in 0..<250 { queue.append(job, task: 16) }
        #expect(turn(&queue).count == 100)
        #expect(turn(&queue).count == 100)
        #expect(turn(&queue).count == 50)
    }

    @Test func `tasks that compute run after those that do not, and make progress in each turn`() {
        var queue = JobQueue<Int>(Self.limits)
        let long: [UInt] = [16, 32, 48]
        let spans = Dictionary(uniqueKeysWithValues: long.map { ($0, UInt64(200)) })
        for task in long { queue.append(Int(task), task: task) }
        #expect(turn(&queue, spans: spans) == [16, 32, 48])
        // They are known now. Two of them take the time of their lane; a short one that came last is first.
        for task in long { queue.append(Int(task), task: task) }
        queue.append(1, task: 160)
        #expect(turn(&queue, spans: spans) == [1, 16, 32])
        queue.append(2, task: 160)
        #expect(turn(&queue, spans: spans) == [2, 48])
    }

    @Test func `one long job runs though the short ones take all their time`() {
        var queue = JobQueue<Int>(Self.limits)
        queue.append(0, task: 16)
        _ = turn(&queue, spans: [16: 5_000])
        queue.append(0, task: 16)
        var spans: [UInt: UInt64] = [16: 5_000]
        for job in 1...50 {
            queue.append(job, task: UInt(job + 100) << 4)
            spans[UInt(job + 100) << 4] = 90
        }
        let ran = turn(&queue, spans: spans)
        #expect(ran == Array(1...12) + [0])
    }

    @Test func `a task whose last job was short is a short one again`() {
        var queue = JobQueue<Int>(Self.limits)
        queue.append(0, task: 16)
        _ = turn(&queue, spans: [16: 500])
        queue.append(0, task: 16)
        _ = turn(&queue, spans: [16: 5])
        queue.append(0, task: 16)
        queue.append(1, task: 32)
        #expect(turn(&queue) == [0, 1])
    }

    @Test func `jobs that were not queued take the turn's time`() {
        var queue = JobQueue<Int>(Self.limits)
        for _ in 1...3 { queue.started(task: 16, nanoseconds: 50) }
        // 150 of 1,000 are spent, so that seventeen jobs of 50 reach the limit.
        for job in 1...30 { queue.append(job, task: UInt(job) << 4) }
        let spans = Dictionary(uniqueKeysWithValues: (1...30).map { (UInt($0) << 4, UInt64(50)) })
        #expect(turn(&queue, spans: spans) == Array(1...17))
        #expect(turn(&queue, spans: spans) == Array(18...30))
    }

    @Test func `a turn has no time left when its span or its count is spent, and the next has`() {
        var queue = JobQueue<Int>(Self.limits)
        #expect(queue.hasTime && queue.isShortLaneEmpty)
        queue.started(task: 16, nanoseconds: 1_000)
        #expect(!queue.hasTime)
        queue.append(1, task: 32)
        #expect(!queue.isShortLaneEmpty)
        #expect(turn(&queue) == [])
        #expect(queue.hasTime)
        #expect(turn(&queue) == [1])
        for _ in 0..<100 {
            #expect(queue.hasTime)
            queue.started(task: 32, nanoseconds: 1)
        }
        #expect(!queue.hasTime)
    }

    @Test func `a task whose start was long continues in the long lane`() {
        var queue = JobQueue<Int>(Self.limits)
        queue.started(task: 16, nanoseconds: 500)
        queue.append(1, task: 16)
        #expect(queue.isShortLaneEmpty)
        queue.append(2, task: 32)
        #expect(turn(&queue) == [2, 1])
    }
}
