import Primitives
import Reactor
import Synchronization

/// Spans that wait for the exporter, bounded: a span for which there is no room is dropped and counted. Any thread.
///
/// The lock is held while a span is appended or a batch taken, never during I/O.
final class SpanQueue: Sendable {
    /// Counts for metrics.
    struct Statistics: Sendable, Equatable {
        var exportedCount: UInt64 = 0
        /// Spans that found the queue full.
        var droppedCount: UInt64 = 0
        /// Spans whose batch could not be exported.
        var failedCount: UInt64 = 0
    }

    private struct State {
        var spans: [SpanRecord] = []
        var statistics = Statistics()
        var isStopping = false
    }

    private let countMax: Int
    private let batchCount: Int
    private let state = Mutex(State())
    private let bell = EventBell()

    init(countMax: Int = ServerLimits.spanCountMax, batchCount: Int = ServerLimits.spansPerBatch) {
        self.countMax = countMax
        self.batchCount = batchCount
    }

    var statistics: Statistics { state.withLock { $0.statistics } }

    /// Adds a span, or drops it. Wakes the exporter when a batch is full.
    func append(_ span: SpanRecord) {
        let isBatchFull = state.withLock { state in
            guard state.spans.count < countMax else {
                state.statistics.droppedCount += 1
                return false
            }
            state.spans.append(span)
            return state.spans.count == batchCount
        }
        if isBatchFull { bell.ring() }
    }

    /// The oldest spans, a batch at most.
    func takeBatch() -> [SpanRecord] {
        state.withLock { state in
            let batch = Array(state.spans.prefix(batchCount))
            state.spans.removeFirst(batch.count)
            return batch
        }
    }

    /// Counts the spans of a batch.
    func batchEnded(count: Int, isExported: Bool) {
        state.withLock { state in
            if isExported {
                state.statistics.exportedCount += UInt64(count)
            } else {
                state.statistics.failedCount += UInt64(count)
            }
        }
    }

    // MARK: - The exporter's thread

    /// Whether the exporter is to end.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Waits until a batch is full, the time is over, or the exporter is to end.
    func waitForBatch(atMost duration: Duration) {
        if state.withLock({ !$0.isStopping && $0.spans.count < batchCount }) { bell.wait(atMost: duration) }
    }

    /// Waits for the time, or until the exporter is to end.
    func pause(_ duration: Duration) {
        let deadline = EventBell.now + duration
        while !isStopping, EventBell.now < deadline { bell.wait(atMost: deadline.since(EventBell.now)) }
    }

    /// The exporter is to send what is left, and to end.
    func stop() {
        state.withLock { $0.isStopping = true }
        bell.ring()
    }
}
