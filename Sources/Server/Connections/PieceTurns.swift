import Primitives

/// Lets so many pieces of bodies be worked on in a turn of the reactor, those that lists and images send and those that
/// uploads bring; after a turn in which some were, none is for as long as that turn took. However many there are, a turn
/// stays short, half of the time is left to the rest of the reactor's work and to the threads of the store, and without
/// such work a list takes twice its time.
///
/// Each waiting task is named, in order, by `turnEnded` of the turn at `nextTurnAt` or a later one. A value; time is an
/// argument, and `Waiter` stands for what resumes a task.
struct PieceTurns<Waiter> {
    private let countMax: Int
    /// Of this turn.
    private var takenCount = 0
    private var waiting: [Waiter] = []
    private var pauseEndsAt = MonotonicInstant(nanoseconds: 0)

    init(countMax: Int) { self.countMax = countMax }

    /// Whether no task waits and none worked in this turn: its end changes nothing.
    var isIdle: Bool { takenCount == 0 && waiting.isEmpty }

    /// When the tasks that wait are to be looked at; nil when none does.
    var nextTurnAt: MonotonicInstant? { waiting.isEmpty ? nil : pauseEndsAt }

    /// Takes one of the pieces of the turn that began at `turnBeganAt`; false when all are taken, others wait or it is
    /// the pause.
    mutating func take(turnBeganAt: MonotonicInstant) -> Bool {
        guard waiting.isEmpty, takenCount < countMax, turnBeganAt >= pauseEndsAt else { return false }
        takenCount += 1
        return true
    }

    /// The task goes on in a later turn.
    mutating func wait(_ task: Waiter) { waiting.append(task) }

    /// The turn that began at `beganAt` ends: the tasks that go on in the next one, and take its pieces.
    mutating func turnEnded(beganAt: MonotonicInstant, at now: MonotonicInstant) -> [Waiter] {
        if takenCount > 0 { pauseEndsAt = now + now.since(beganAt) }
        let next = now >= pauseEndsAt ? Array(waiting.prefix(countMax)) : []
        waiting.removeFirst(next.count)
        takenCount = next.count
        return next
    }
}
