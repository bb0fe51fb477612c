import Synchronization
import Testing

@testable import Reactor

@Suite struct JobInboxTests {
    /// Keeps the jobs of its tasks until the test runs them.
    private final class HoldingExecutor: TaskExecutor {
        let inbox = JobInbox()
        func enqueue(_ job: consuming ExecutorJob) { inbox.push(UnownedJob(job)) }

        func runAll() {
            inbox.takeAll { job in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    private final class Journal: Sendable {
        private let entries = Mutex<[Int]>([])
        func append(_ entry: Int) { entries.withLock { $0.append(entry) } }
        var all: [Int] { entries.withLock { $0 } }
    }

    @Test func `jobs are taken once, oldest first`() {
        let executor = HoldingExecutor()
        let journal = Journal()
        #expect(executor.inbox.isEmpty)
        for number in 0..<100 { Task(executorPreference: executor) { journal.append(number) } }
        #expect(!executor.inbox.isEmpty)
        executor.runAll()
        #expect(executor.inbox.isEmpty)
        #expect(journal.all == Array(0..<100))
        executor.runAll()
        #expect(journal.all.count == 100)
    }

    @Test func `four producers lose nothing, and each one's jobs stay in order`() {
        let executor = HoldingExecutor()
        let journal = Journal()
        let jobCount = 5_000
        let threads = (0..<4).map { producer in
            ReactorThread(name: "producer") {
                for number in 0..<jobCount {
                    Task(executorPreference: executor) { journal.append(producer * jobCount + number) }
                }
            }
        }
        while journal.all.count < 4 * jobCount {
            executor.runAll()
            yieldProcessor()
        }
        for thread in threads { thread.join() }
        for producer in 0..<4 {
            let range = producer * jobCount..<(producer + 1) * jobCount
            let isInOrder = journal.all.filter { range.contains($0) } == Array(range)
            #expect(isInOrder)
        }
    }
}
