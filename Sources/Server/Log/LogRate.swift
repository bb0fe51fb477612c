import Primitives

/// Limits how often lines of one kind are written: the first few of each period, then a count of the rest.
///
/// A kind is the message of a line. It comes from the server's source, never from a request. A value: time is an
/// argument, and the owner locks.
struct LogRate {
    /// What to do with a line.
    enum Decision: Equatable {
        /// Write it.
        case write
        /// Write a summary of the lines that were left out before it, then the line.
        case writeAfter(suppressed: Int)
        /// Leave it out.
        case suppress
    }

    /// Lines of a kind that were left out in a period that has ended.
    struct Summary: Equatable {
        let message: String
        let level: String
        let suppressed: Int
    }

    private struct Window {
        var begin: MonotonicInstant
        var level: String
        var writtenCount = 0
        var suppressedCount = 0
    }

    private var windows: [String: Window] = [:]
    /// Lines left out since the start.
    private(set) var suppressedTotal: UInt64 = 0

    /// Whether lines were left out that no summary has reported yet.
    var isSummaryOwed: Bool { windows.values.contains { $0.suppressedCount > 0 } }

    /// Decides on a line of a kind. O(1); O(kinds) when there are too many kinds and those of earlier periods are
    /// removed.
    mutating func decide(_ message: String, level: String, at now: MonotonicInstant) -> Decision {
        guard var window = windows[message] else {
            makeRoom(at: now)
            // When one period has too many kinds, a new kind is not limited; the ring still bounds its lines.
            guard windows.count < ServerLimits.logKindCountMax else { return .write }
            windows[message] = Window(begin: now, level: level, writtenCount: 1)
            return .write
        }
        if now >= window.begin + ServerLimits.logRatePeriod {
            windows[message] = Window(begin: now, level: level, writtenCount: 1)
            return window.suppressedCount == 0 ? .write : .writeAfter(suppressed: window.suppressedCount)
        }
        window.level = level
        let isWritten = window.writtenCount < ServerLimits.logLinesPerPeriod
        if isWritten {
            window.writtenCount += 1
        } else {
            window.suppressedCount += 1
            suppressedTotal += 1
        }
        windows[message] = window
        return isWritten ? .write : .suppress
    }

    /// Takes the summaries of periods that have ended; with `isAll` also those of current periods. O(kinds).
    mutating func takeSummaries(at now: MonotonicInstant, isAll: Bool = false) -> [Summary] {
        let over = windows.filter { isAll || now >= $0.value.begin + ServerLimits.logRatePeriod }
        for message in over.keys { windows[message] = nil }
        return over.filter { $0.value.suppressedCount > 0 }
            .map { Summary(message: $0.key, level: $0.value.level, suppressed: $0.value.suppressedCount) }
            .sorted { $0.message < $1.message }
    }

    private mutating func makeRoom(at now: MonotonicInstant) {
        guard windows.count >= ServerLimits.logKindCountMax else { return }
        windows = windows.filter {
            now < $0.value.begin + ServerLimits.logRatePeriod || $0.value.suppressedCount > 0
        }
    }
}
