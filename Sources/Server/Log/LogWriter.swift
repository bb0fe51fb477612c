import Glibc
import JSON
import Primitives
import Reactor
import Synchronization

/// Writes log lines to standard error on a thread of its own, so that no other thread of the server waits for the
/// reader of the log: a full pipe blocks this thread alone.
///
/// The lock is held while a line is copied or its kind is looked up, never during I/O. A mutex is enough: a reactor
/// waits at most while another line is copied. A ring without locks would avoid that wait, but would have to bound the
/// length of a line.
public final class LogWriter: Sendable {
    /// The writer of the process.
    public static let standardError = LogWriter(descriptor: STDERR_FILENO)

    /// Counts for metrics.
    struct Statistics: Equatable {
        var droppedLineCount: UInt64 = 0
        var suppressedLineCount: UInt64 = 0
    }

    private struct State {
        var ring = LogRing()
        var rate = LogRate()
        var isStarted = false
        var isWriting = false
        /// The thread waits for the next line.
        var isIdle = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let bell = EventBell()

    /// A writer to `descriptor`; its thread starts with the first line.
    init(descriptor: Int32) { self.descriptor = descriptor }

    var statistics: Statistics {
        state.withLock {
            Statistics(droppedLineCount: $0.ring.droppedTotal, suppressedLineCount: $0.rate.suppressedTotal)
        }
    }

    /// Enqueues a line, unless there were too many of its kind. `line` makes its bytes, which end with a line feed. Any
    /// thread; never waits for I/O.
    func log(_ message: String, level: String, _ line: () -> [UInt8]) {
        let decision = state.withLock { $0.rate.decide(message, level: level, at: Self.now) }
        switch decision {
        case .suppress:
            // The thread writes the summary if no line of the kind follows.
            ring([])
        case .write: ring([line()])
        case .writeAfter(let suppressed):
            ring([LogLine.suppressed(message, level: level, count: suppressed), line()])
        }
    }

    /// Waits until all lines are written, at most `ServerLimits.logFlushWait`. Called when the process ends; blocks the
    /// caller.
    public func flush() {
        let deadline = Self.now + ServerLimits.logFlushWait
        let summaries = state.withLock { $0.rate.takeSummaries(at: Self.now, isAll: true) }
        ring(summaries.map { LogLine.suppressed($0.message, level: $0.level, count: $0.suppressed) })
        while state.withLock({ !$0.ring.isEmpty || $0.isWriting }), Self.now < deadline { usleep(2_000) }
    }

    private func ring(_ lines: [[UInt8]]) {
        let (isFirst, wakes) = state.withLock { state in
            for line in lines { state.ring.append(line) }
            defer {
                state.isStarted = true
                state.isIdle = false
            }
            return (!state.isStarted, state.isIdle)
        }
        if isFirst { _ = ReactorThread(name: "log") { self.run() } }
        if wakes { bell.ring() }
    }

    // MARK: - The thread

    private func run() -> Never {
        while true {
            if let batch = takeBatch() {
                write(batch)
                continue
            }
            let waits: Duration? = state.withLock { state in
                guard state.ring.isEmpty else { return .zero }
                state.isIdle = true
                return state.rate.isSummaryOwed ? ServerLimits.logRatePeriod : nil
            }
            bell.wait(atMost: waits)
        }
    }

    private func takeBatch() -> LogRing.Batch? {
        state.withLock { state in
            for summary in state.rate.takeSummaries(at: Self.now) {
                state.ring.append(
                    LogLine.suppressed(summary.message, level: summary.level, count: summary.suppressed))
            }
            let batch = state.ring.take()
            state.isWriting = batch != nil
            return batch
        }
    }

    private func write(_ batch: LogRing.Batch) {
        var bytes = batch.bytes
        if batch.droppedLineCount > 0 { bytes += LogLine.dropped(count: batch.droppedLineCount) }
        let isWritten = StandardError.writeAll(bytes, to: descriptor)
        state.withLock { state in
            // Only counted: a log line about them would fail with the same error, and the thread would never be idle.
            if !isWritten { state.ring.countLost(batch.lineCount) }
            state.isWriting = false
        }
    }

    private static var now: MonotonicInstant { EventBell.now }
}

/// Lines that the log itself writes.
enum LogLine {
    static func dropped(count: Int) -> [UInt8] {
        line(level: "warning", message: "log lines dropped", [("count", "\(count)")])
    }

    static func suppressed(_ message: String, level: String, count: Int) -> [UInt8] {
        line(level: level, message: "log lines suppressed", [("count", "\(count)"), ("of", message)])
    }

    /// `{"time":…,"level":…,"message":…,…}` and a line feed.
    static func line(level: String, message: String, _ fields: [(String, String)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"time\":")
        writer.time(WallClock.now)
        writer.raw(",\"level\":")
        writer.string(level)
        writer.raw(",\"message\":")
        writer.string(message)
        for (key, value) in fields {
            writer.raw(",")
            writer.string(key)
            writer.raw(":")
            writer.string(value)
        }
        writer.raw("}\n")
        return writer.bytes
    }
}
