import Synchronization

/// A bounded queue from any thread to one, by which reactors communicate. Lock-free; full is a result, never a wait.
///
/// Vyukov's bounded queue: each cell has a sequence number that says whether a producer or the consumer may use it. A
/// producer takes a cell with one compare-and-swap and publishes it with one store.
@safe package final class Mailbox<Command: Sendable>: @unchecked Sendable {
    // @unchecked: a cell is written by the producer that took its sequence number, and read by the consumer after that
    // producer's releasing store, as the protocol above requires.
    private let cells: UnsafeMutablePointer<Command>
    private let sequences: UnsafeMutablePointer<Atomic<Int>>
    private let mask: Int
    private let tail = Atomic<Int>(0)
    /// Only the consumer changes it.
    private let head = Atomic<Int>(0)

    /// An empty mailbox for `commandCountMax` commands, a power of two.
    package init(commandCountMax: Int) {
        precondition(commandCountMax.nonzeroBitCount == 1, "a mailbox holds a power of two of commands")
        mask = commandCountMax - 1
        unsafe cells = .allocate(capacity: commandCountMax)
        unsafe sequences = .allocate(capacity: commandCountMax)
        for index in 0..<commandCountMax { unsafe (sequences + index).initialize(to: Atomic(index)) }
    }

    deinit {
        while pop() != nil {}
        unsafe sequences.deinitialize(count: mask + 1)
        unsafe sequences.deallocate()
        unsafe cells.deallocate()
    }

    /// Whether no command is pending, as the consumer sees it.
    var isEmpty: Bool {
        let position = head.load(ordering: .relaxed)
        return unsafe sequences[position & mask].load(ordering: .sequentiallyConsistent) != position + 1
    }

    /// The number of commands that are pending, about. The consumer's thread only.
    var count: Int { tail.load(ordering: .relaxed) - head.load(ordering: .relaxed) }

    /// Adds `command`; false when the mailbox is full. Any thread.
    package func push(_ command: Command) -> Bool {
        var position = tail.load(ordering: .relaxed)
        while true {
            let sequence = unsafe sequences[position & mask].load(ordering: .acquiring)
            if sequence < position { return false }
            if sequence > position {
                position = tail.load(ordering: .relaxed)
                continue
            }
            let (exchanged, original) = tail.weakCompareExchange(
                expected: position, desired: position + 1, ordering: .relaxed)
            guard exchanged else {
                position = original
                continue
            }
            // SAFETY: only this producer uses the cell until the store below.
            unsafe (cells + (position & mask)).initialize(to: command)
            unsafe sequences[position & mask].store(position + 1, ordering: .sequentiallyConsistent)
            return true
        }
    }

    /// Takes the oldest command; nil when none is complete. The consumer's thread only.
    package func pop() -> Command? {
        let position = head.load(ordering: .relaxed)
        guard unsafe sequences[position & mask].load(ordering: .acquiring) == position + 1 else { return nil }
        // SAFETY: the producer's store passed the cell to the consumer.
        let command = unsafe (cells + (position & mask)).move()
        unsafe sequences[position & mask].store(position + mask + 1, ordering: .releasing)
        head.store(position + 1, ordering: .relaxed)
        return command
    }
}
