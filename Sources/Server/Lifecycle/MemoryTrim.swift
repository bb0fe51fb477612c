import CMalloc
import Primitives
import Reactor
import Synchronization

/// Decides when a shard asks for the free memory of the process to be returned to the kernel (`FreeMemory`).
///
/// Requests in flight take a few kilobytes each, and idle streams a few hundred bytes. The allocator keeps what a storm
/// of connects has freed, because it lies between blocks that are in use. It is returned once the storm is over: a page
/// that was returned costs a fault when it is used again. A value; the timer is the caller's.
struct MemoryTrim {
    /// What to do when the timer fired.
    enum Step: Hashable {
        /// Connections still come and go: set the timer again.
        case wait
        /// Return the free memory.
        case trim
    }

    /// Connections that have freed their memory since the last trim.
    private var releaseCount = 0
    private var countAtTimer = 0
    private var isTimed = false

    /// A connection stopped to speak HTTP: it became a stream, or ended. True when the timer must be set.
    mutating func connectionReleased() -> Bool {
        releaseCount += 1
        guard !isTimed, releaseCount >= ServerLimits.trimmedReleaseCountMin else { return false }
        isTimed = true
        countAtTimer = releaseCount
        return true
    }

    /// A `ServerLimits.trimPeriod` has passed since the timer was set.
    mutating func timerFired() -> Step {
        defer { countAtTimer = releaseCount }
        guard releaseCount - countAtTimer <= ServerLimits.calmReleaseCountMax else { return .wait }
        (releaseCount, isTimed) = (0, false)
        return .trim
    }
}

/// The memory of the process that is free and resident. There is one heap for all shards.
enum FreeMemory {
    private static let isRequested = Atomic<Bool>(false)

    /// Returns it to the kernel soon, on a thread that is no reactor's: that takes a millisecond for each several
    /// megabytes. Meanwhile allocations of the same arena wait. Any thread.
    static func requestTrim() {
        guard !isRequested.exchange(true, ordering: .relaxed) else { return }
        Task.detached {
            isRequested.store(false, ordering: .relaxed)
            shim_malloc_trim()
        }
    }
}

extension Shard {
    /// A connection stopped to speak HTTP, and its memory is free.
    func memoryReleased() {
        if memoryTrim.connectionReleased() { scheduleTrim() }
    }

    func trimTimerFired() {
        switch memoryTrim.timerFired() {
        case .wait: scheduleTrim()
        case .trim: FreeMemory.requestTrim()
        }
    }

    private func scheduleTrim() { schedule(.memoryTrim, at: reactor.now + ServerLimits.trimPeriod) }
}
