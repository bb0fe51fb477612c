import Synchronization

/// How often the settings were read again, for the metrics. Any thread.
final class ReloadCounts: Sendable {
    private let appliedCount = Atomic<Int>(0)
    private let failedCount = Atomic<Int>(0)

    func applied() { appliedCount.add(1, ordering: .relaxed) }

    func failed() { failedCount.add(1, ordering: .relaxed) }

    /// The counts by the label of the metric.
    var byResult: [(String, Double)] {
        [
            ("applied", Double(appliedCount.load(ordering: .relaxed))),
            ("failed", Double(failedCount.load(ordering: .relaxed))),
        ]
    }
}
