public import Primitives

/// Bounds how many pieces of bodies are worked on in a turn of the reactor: those that lists and images send, and those
/// that uploads bring. After a turn with such work, there is none for as long as that turn took. So a turn stays short
/// however many bodies there are, and half of the time is left to the rest of the reactor's work and to the threads of
/// the store. Without other work, a list takes twice its time.
///
/// `turnEnded` returns each waiting task, in order, at the end of the turn at `nextTurnAt` or a later one. A value;
/// time is an argument, and a `Waiter` is what resumes a task.
public struct PieceTurns<Waiter> {
    private let countMax: Int
    /// Pieces taken in this turn.
    @usableFromInline
    var takenCount = 0
    @usableFromInline
    var waiting: [Waiter] = []
    @usableFromInline
    var pauseEndsAt = MonotonicInstant(nanoseconds: 0)

    /// Turns of at most `countMax` pieces.
    public init(countMax: Int) { self.countMax = countMax }

    /// Whether no task waits and none worked in this turn, so that the end of the turn changes nothing.
    @inlinable
    public var isIdle: Bool { takenCount == 0 && waiting.isEmpty }

    /// When the waiting tasks are due; nil when none waits.
    @inlinable
    public var nextTurnAt: MonotonicInstant? { waiting.isEmpty ? nil : pauseEndsAt }

    /// Takes one of the pieces of the turn that began at `turnBeganAt`. False when all are taken, while other tasks
    /// wait, and during the pause.
    public mutating func take(turnBeganAt: MonotonicInstant) -> Bool {
        guard waiting.isEmpty, takenCount < countMax, turnBeganAt >= pauseEndsAt else { return false }
        takenCount += 1
        return true
    }

    /// The task continues in a later turn.
    public mutating func wait(_ task: Waiter) { waiting.append(task) }

    /// The turn that began at `beganAt` ends. Returns the tasks that continue in the next one and take its pieces.
    public mutating func turnEnded(beganAt: MonotonicInstant, at now: MonotonicInstant) -> [Waiter] {
        if takenCount > 0 { pauseEndsAt = now + now.since(beganAt) }
        let next = now >= pauseEndsAt ? Array(waiting.prefix(countMax)) : []
        waiting.removeFirst(next.count)
        takenCount = next.count
        return next
    }
}
