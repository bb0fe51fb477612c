import Synchronization

/// Jobs that other threads enqueue on a reactor: a lock-free stack that the reactor takes as a whole and reverses.
///
/// It has no limit of its own, because the executor's contract allows no rejection. Its length is bounded by the number
/// of tasks, which admission bounds.
@safe final class JobInbox: @unchecked Sendable {
    // @unchecked: a node is written before the compare-and-swap that publishes it and freed after the exchange that
    // took it.
    private struct Node {
        var job: UnownedJob
        var next: UInt
    }

    private let top = Atomic<UInt>(0)

    /// Jobs that did not run are lost: their reactor is gone.
    deinit { takeAll { _ in } }

    /// Whether no job is pending.
    var isEmpty: Bool { top.load(ordering: .sequentiallyConsistent) == 0 }

    /// Adds a job. Any thread; one small allocation.
    func push(_ job: UnownedJob) {
        let node = UnsafeMutablePointer<Node>.allocate(capacity: 1)
        var current = top.load(ordering: .relaxed)
        // SAFETY: a node is written before the compare-and-swap publishes it, and freed by the one thread that took it.
        unsafe node.initialize(to: Node(job: job, next: current))
        while true {
            let (exchanged, original) = top.weakCompareExchange(
                expected: current, desired: UInt(bitPattern: node), ordering: .sequentiallyConsistent)
            if exchanged { return }
            current = original
            unsafe node.pointee.next = current
        }
    }

    /// Takes all jobs and calls `body` with each, oldest first. The reactor's thread only.
    func takeAll(_ body: (UnownedJob) -> Void) {
        var current = top.exchange(0, ordering: .acquiring)
        var reversed: UInt = 0
        while let node = unsafe UnsafeMutablePointer<Node>(bitPattern: current) {
            current = unsafe node.pointee.next
            unsafe node.pointee.next = reversed
            reversed = UInt(bitPattern: node)
        }
        while let node = unsafe UnsafeMutablePointer<Node>(bitPattern: reversed) {
            reversed = unsafe node.pointee.next
            let job = unsafe node.move().job
            unsafe node.deallocate()
            body(job)
        }
    }
}
