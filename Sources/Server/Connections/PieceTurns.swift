/// Lets so many pieces of responses be produced in a turn; the others have their turn later, in order. However many lists
/// are read at a time, a turn of the reactor stays short, and the rest of its work comes in between.
///
/// Each waiting task is resumed: by `turnEnded`, which follows while `isWaiting`.
struct PieceTurns {
    private var producedCount = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private let countMax: Int

    init(countMax: Int) { self.countMax = countMax }

    /// Whether tasks wait for a later turn.
    var isWaiting: Bool { !waiting.isEmpty }

    /// Takes one of this turn's pieces; false when all are taken or others wait.
    mutating func take() -> Bool {
        guard waiting.isEmpty, producedCount < countMax else { return false }
        producedCount += 1
        return true
    }

    /// The task goes on in a later turn.
    mutating func wait(_ task: CheckedContinuation<Void, Never>) { waiting.append(task) }

    /// The turn ended: the tasks whose turn is the next one, and which take its pieces.
    mutating func turnEnded() -> [CheckedContinuation<Void, Never>] {
        let next = Array(waiting.prefix(countMax))
        waiting.removeFirst(next.count)
        producedCount = next.count
        return next
    }
}
