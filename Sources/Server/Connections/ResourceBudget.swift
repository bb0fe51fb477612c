/// A bounded amount of something that a shard shares out: bytes of memory, or uploads. What is over it is refused, not
/// kept waiting. A value.
struct ResourceBudget {
    /// The most that may be reserved.
    let max: Int
    /// What is reserved; above `max` when what was reserved turned out to be more.
    private(set) var used = 0

    /// A budget of which nothing is reserved.
    init(max: Int) { self.max = max }

    /// Whether so much is left.
    func hasRoom(for amount: Int) -> Bool { used + amount <= max }

    /// Reserves an amount, to be released once; false when there is not so much left.
    mutating func reserve(_ amount: Int) -> Bool {
        guard hasRoom(for: amount) else { return false }
        used += amount
        return true
    }

    /// Corrects what was reserved; never refused, since what is there takes its room.
    mutating func correct(from reserved: Int, to amount: Int) {
        used += amount - reserved
        precondition(used >= 0, "more was released than reserved")
    }

    /// Releases what was reserved.
    mutating func release(_ amount: Int) { correct(from: amount, to: 0) }
}
