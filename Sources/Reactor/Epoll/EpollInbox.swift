import Glibc
import Primitives
import Synchronization

/// What other drivers send to an `EpollDriver`: the address at which they reach it. Any thread.
///
/// The lock is held for one access to an array: a transfer or a wake, not a message.
public final class EpollInbox: Sendable {
    /// A socket that another driver passed on.
    struct Arrival {
        let descriptor: Int32
        let tag: CompletionTag
    }

    private struct Contents {
        var completions: [Completion] = []
        var arrivals: [Arrival] = []
        var isClosed = false
    }

    private let contents = Mutex(Contents())
    /// The slots that neither have a socket nor are reserved for one on its way here.
    private let freeSlotCount: Atomic<Int>
    /// Ends the wait of the driver.
    let waker: EventWaker

    init(slotCount: Int, waker: EventWaker) {
        freeSlotCount = Atomic(slotCount)
        self.waker = waker
    }

    /// Reserves a slot for a connection; false when all are in use.
    func reserveSlot() -> Bool {
        var count = freeSlotCount.load(ordering: .relaxed)
        while count > 0 {
            let (exchanged, original) = freeSlotCount.weakCompareExchange(
                expected: count, desired: count - 1, ordering: .relaxed)
            if exchanged { return true }
            count = original
        }
        return false
    }

    /// Ends a reservation: the slot is free.
    func releaseSlot() { freeSlotCount.add(1, ordering: .relaxed) }

    /// Posts a completion; false when the driver has ended.
    func post(_ completion: Completion) -> Bool { put { $0.completions.append(completion) } }

    /// Passes on a socket, for which the caller has reserved a slot; false when the driver has ended.
    func pass(_ arrival: Arrival) -> Bool { put { $0.arrivals.append(arrival) } }

    private func put(_ body: (inout Contents) -> Void) -> Bool {
        let isFirst = contents.withLock { contents -> Bool? in
            guard !contents.isClosed else { return nil }
            let isFirst = contents.completions.isEmpty && contents.arrivals.isEmpty
            body(&contents)
            return isFirst
        }
        // The driver takes all that there is, so the first wakes it for those that follow.
        if isFirst == true { waker.wake() }
        return isFirst != nil
    }

    /// Takes all. The driver's thread only.
    func takeAll() -> (completions: [Completion], arrivals: [Arrival]) {
        contents.withLock { contents in
            defer {
                contents.completions = []
                contents.arrivals = []
            }
            return (contents.completions, contents.arrivals)
        }
    }

    /// Accepts nothing more, and closes the sockets that were not taken.
    func close() {
        contents.withLock { $0.isClosed = true }
        for arrival in takeAll().arrivals { Glibc.close(arrival.descriptor) }
    }
}
