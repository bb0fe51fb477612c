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
    private static let count = Atomic<UInt64>(0)
    /// Trims since the start.
    static var trimCount: UInt64 { count.load(ordering: .relaxed) }
    private static let isRequested = Atomic<Bool>(false)
    /// When the next trim may begin; nil before the first.
    private static let restEndsAt = Mutex<ContinuousClock.Instant?>(nil)

    /// Returns it to the kernel soon, on a thread that is no reactor's. Meanwhile allocations of the same arena wait:
    /// a trim looks at every free block, about 0.1 ms for each thousand of them, also when it finds nothing to return.
    /// Therefore trims rest between them. Any thread.
    static func requestTrim() {
        guard !isRequested.exchange(true, ordering: .relaxed) else { return }
        Task.detached {
            if let end = restEndsAt.withLock({ $0 }) { try? await Task.sleep(until: end) }
            isRequested.store(false, ordering: .relaxed)
            let span = ContinuousClock().measure { shim_malloc_trim() }
            count.wrappingAdd(1, ordering: .relaxed)
            restEndsAt.withLock { $0 = .now + rest(after: span) }
        }
    }

    /// The pause after a trim that took `span`: trims take a thousandth of the time at most.
    static func rest(after span: Duration) -> Duration { span * 1_000 }
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
