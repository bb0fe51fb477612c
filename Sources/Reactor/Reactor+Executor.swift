import Primitives
import Synchronization

// The reactor runs the tasks of its connections itself. An `async` function that began on it continues there after each
// `await`, so handlers never change threads and access the reactor's state without a lock.
//
// It is no executor of actors. A task has no isolation then, which is the same at both ends of each call, so that none
// costs a job: a task comes back by a job of its own only when it was suspended.

extension Reactor: TaskExecutor {
    /// Queues a job: without synchronisation on the reactor's own thread, through the inbox from other threads.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if isCurrent {
            enqueueHere(unowned)
        } else {
            inbox.push(unowned)
            wake()
        }
    }

    /// The reactor as the preferred executor of a task.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        // SAFETY: the reactor outlives its jobs: its owner keeps it until the loop has ended.
        unsafe UnownedTaskExecutor(ordinary: self)
    }
}

// MARK: - Other threads

extension Reactor {
    /// Ends the reactor's wait, if it is waiting. Any thread.
    public func wake() {
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { waker.wake() }
    }

    /// Sends `command` to this reactor; false when its mailbox is full. Any thread. `sender` is the reactor that the
    /// caller runs on; its ring wakes this reactor.
    public func post(_ command: Handler.Command, from sender: Reactor?) -> Bool {
        assert(sender?.isCurrent ?? true, "the sender's ring belongs to its thread")
        guard mailbox.push(command) else { return false }
        guard isAsleep.exchange(false, ordering: .sequentiallyConsistent) else { return true }
        if let sender, sender !== self {
            sender.driver.wake(address, remoteTag: CompletionTag(.wake))
        } else {
            waker.wake()
        }
        return true
    }
}
