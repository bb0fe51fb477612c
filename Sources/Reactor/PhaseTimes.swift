import Primitives

/// A phase of a reactor's turn.
public enum ReactorPhase: String, CaseIterable, Sendable {
    /// Waiting in the kernel, after what was queued has been submitted.
    case wait
    /// Submitting without a wait, as work was left.
    case submit
    /// Handling completions, and requests that wait for nothing.
    case completions
    /// Handling commands of other reactors.
    case commands
    /// Firing timers.
    case timers
    /// Running jobs of tasks.
    case jobs
    /// The handler's end of the turn: a server sends then what was published.
    case flush
}

/// The time of a reactor by phase. All phases together are all of its time since the first turn: each lasts from the end
/// of the one before. A phase that had nothing to do is part of the next one, so that the clock is read twice more in
/// most turns.
public struct PhaseTimes: Sendable {
    private var nanoseconds = InlineArray<7, UInt64>(repeating: 0)
    private var lastEnd = MonotonicInstant(nanoseconds: .max)

    /// No time.
    public init() { precondition(ReactorPhase.allCases.count == nanoseconds.count, "a place for each phase") }

    /// The time of a phase, in nanoseconds.
    public subscript(phase: ReactorPhase) -> UInt64 { nanoseconds[Self.place(of: phase)] }

    /// A phase ended; it began when the last one ended.
    mutating func ended(_ phase: ReactorPhase, at now: MonotonicInstant) {
        if now > lastEnd { nanoseconds[Self.place(of: phase)] += now.nanoseconds - lastEnd.nanoseconds }
        lastEnd = now
    }

    private static func place(of phase: ReactorPhase) -> Int {
        switch phase {
        case .wait: 0
        case .submit: 1
        case .completions: 2
        case .commands: 3
        case .timers: 4
        case .jobs: 5
        case .flush: 6
        }
    }
}
