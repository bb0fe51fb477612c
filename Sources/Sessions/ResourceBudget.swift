/// A bounded resource of a shard: bytes of memory, or uploads. What exceeds the bound is refused and does not wait. A
/// value.
package struct ResourceBudget {
    /// The largest amount that may be reserved.
    package let max: Int
    /// The reserved amount; above `max` when a reservation was corrected to more.
    package private(set) var used = 0

    /// A budget without reservations.
    package init(max: Int) { self.max = max }

    /// Whether the amount is available.
    package func hasRoom(for amount: Int) -> Bool { used + amount <= max }

    /// Reserves an amount, which must be released once; false when it is not available.
    package mutating func reserve(_ amount: Int) -> Bool {
        guard hasRoom(for: amount) else { return false }
        used += amount
        return true
    }

    /// Corrects a reservation. Never refused, as the amount is in use already.
    package mutating func correct(from reserved: Int, to amount: Int) {
        used += amount - reserved
        precondition(used >= 0, "more was released than reserved")
    }

    /// Releases a reservation.
    package mutating func release(_ amount: Int) { correct(from: amount, to: 0) }
}
