package import Primitives

/// When to search for images that no message names. One search runs at a time, as it may take long, and searches begin
/// at least a period apart. A value; time is an argument.
package struct OrphanSearch: Sendable {
    private let period: Duration
    private var isRunning = false
    private var nextAt = MonotonicInstant(nanoseconds: 0)

    /// Searches once a minute, or more often when images are removed earlier than that.
    package init(orphanSeconds: Int) { period = min(Limits.orphanSearchPeriod, .seconds(orphanSeconds)) }

    /// Begins a search; false when one is running or none is due.
    package mutating func begin(at now: MonotonicInstant) -> Bool {
        guard !isRunning, now >= nextAt else { return false }
        isRunning = true
        nextAt = now + period
        return true
    }

    /// The search is over.
    package mutating func ended() { isRunning = false }
}
