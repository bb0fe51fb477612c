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

    @Test func `the only short job may run before the turn's jobs, and takes their time`() {
        var queue = JobQueue<Int>(Self.limits)
        #expect(queue.takeOnlyJob() == nil)
        for job in 1...3 {
            queue.append(job, task: 16)
            #expect(queue.takeOnlyJob()?.job == job)
            queue.ended(task: 16, nanoseconds: 50)
        }
        queue.append(4, task: 16)
        queue.append(5, task: 32)
        #expect(queue.takeOnlyJob() == nil, "a job that another precedes waits for its turn")
        // 150 of 1,000 are spent, so that eighteen jobs of 50 reach the limit of the turn's time.
        for job in 6...30 { queue.append(job, task: UInt(job) << 4) }
        let spans = Dictionary(uniqueKeysWithValues: (1...30).map { (UInt($0) << 4, UInt64(50)) })
        #expect(turn(&queue, spans: spans) == Array(4...20))
        #expect(turn(&queue, spans: spans) == Array(21...30))
    }

    @Test func `no job runs early when the turn's time is over, or its count`() {
        var queue = JobQueue<Int>(Self.limits)
        queue.append(1, task: 16)
        #expect(queue.takeOnlyJob()?.job == 1)
        queue.ended(task: 16, nanoseconds: 1_000)
        queue.append(2, task: 32)
        #expect(queue.takeOnlyJob() == nil)
        #expect(turn(&queue) == [])
        #expect(turn(&queue) == [2])
        for job in 0..<100 {
            queue.append(job, task: 32)
            #expect(queue.takeOnlyJob()?.job == job)
            queue.ended(task: 32, nanoseconds: 1)
        }
        queue.append(100, task: 32)
        #expect(queue.takeOnlyJob() == nil)
        #expect(turn(&queue) == [])
        #expect(turn(&queue) == [100])
    }

    @Test func `new work of a task is not judged by its last work`() {
        var queue = JobQueue<Int>(Self.limits)
        queue.append(0, task: 16)
        _ = turn(&queue, spans: [16: 500])
        queue.append(1, task: 16)
        #expect(queue.takeOnlyJob() == nil, "it is in the long lane")
        #expect(turn(&queue, spans: [16: 500]) == [1])
        queue.append(2, task: 16, isFirst: true)
        #expect(queue.takeOnlyJob()?.job == 2)
    }
}
