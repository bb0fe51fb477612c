import Glibc
import Logging
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
        var format = LogFormat.json
        var isColoured = false
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
    private static let levels = Logger.Level.allCases
    /// The index of `level` in `levels`, without the lock, as each line of the code that logs reads it.
    private let levelIndex = Atomic<Int>(levels.firstIndex(of: .info) ?? 0)

    /// A writer to `descriptor`; its thread starts with the first line.
    init(descriptor: Int32) { self.descriptor = descriptor }

    var statistics: Statistics {
        state.withLock {
            Statistics(droppedLineCount: $0.ring.droppedTotal, suppressedLineCount: $0.rate.suppressedTotal)
        }
    }

    /// The lowest level that loggers write, unless they have one of their own. Any thread; a change applies to the next
    /// line.
    public var level: Logger.Level {
        get { Self.levels[levelIndex.load(ordering: .relaxed)] }
        set { levelIndex.store(Self.levels.firstIndex(of: newValue) ?? 0, ordering: .relaxed) }
    }

    /// Sets how lines are written; nil: as text on a terminal, else as JSON. Text has colours on a terminal.
    public func use(_ format: LogFormat?) {
        let isTerminal = isatty(descriptor) == 1
        state.withLock { state in
            state.format = format ?? (isTerminal ? .text : .json)
            state.isColoured = isTerminal
        }
    }

    /// Sets the format and the level of a configuration.
    public func use(_ configuration: ServerConfiguration) {
        use(configuration.logFormat)
        level = Logger.Level(rawValue: configuration.logLevel) ?? .info
    }

    /// Enqueues a line, unless there were too many of its kind. `fields` makes what it has beside its message. Any
    /// thread; never waits for I/O.
    func log(_ message: String, level: String, _ fields: () -> [(String, String)]) {
        let decision = state.withLock { $0.rate.decide(message, level: level, at: Self.now) }
        switch decision {
        case .suppress:
            // The thread writes the summary if no line of the kind follows.
            ring([])
        case .write: ring([line(level, message, fields())])
        case .writeAfter(let suppressed):
            ring([
                line(LogRate.Summary(message: message, level: level, suppressed: suppressed)),
                line(level, message, fields()),
            ])
        }
    }

    private func line(_ level: String, _ message: String, _ fields: [(String, String)]) -> [UInt8] {
        let (format, isColoured) = state.withLock { ($0.format, $0.isColoured) }
        return format.line(level: level, message: message, fields, isColoured: isColoured)
    }

    private func line(_ summary: LogRate.Summary) -> [UInt8] {
        line(summary.level, "log lines suppressed", [("count", "\(summary.suppressed)"), ("of", summary.message)])
    }

    /// Waits until all lines are written, at most `ServerLimits.logFlushWait`. Called when the process ends; blocks the
    /// caller.
    public func flush() {
        let deadline = Self.now + ServerLimits.logFlushWait
        let summaries = state.withLock { $0.rate.takeSummaries(at: Self.now, isAll: true) }
        ring(summaries.map { line($0) })
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
        let summaries = state.withLock { $0.rate.takeSummaries(at: Self.now) }.map { line($0) }
        return state.withLock { state in
            for summary in summaries { state.ring.append(summary) }
            let batch = state.ring.take()
            state.isWriting = batch != nil
            return batch
        }
    }

    private func write(_ batch: LogRing.Batch) {
        var bytes = batch.bytes
        if batch.droppedLineCount > 0 {
            bytes += line("warning", "log lines dropped", [("count", "\(batch.droppedLineCount)")])
        }
        let isWritten = StandardError.writeAll(bytes, to: descriptor)
        state.withLock { state in
            // Only counted: a log line about them would fail with the same error, and the thread would never be idle.
            if !isWritten { state.ring.countLost(batch.lineCount) }
            state.isWriting = false
        }
    }

    private static var now: MonotonicInstant { EventBell.now }
}
