/// A stream's position in the sequence of its shop. Eight bytes, as every stream of a run has one.
package struct StreamOrder: Hashable, Sendable {
    /// The sequence number expected next; before the first message, the first one that must arrive.
    package private(set) var next: UInt32
    /// Whether a message has arrived.
    package private(set) var hasBegun = false

    /// A stream that opened when the shop's messages below `baseline` had been written. Those may arrive; all from
    /// `baseline` on must.
    package init(baseline: UInt32) {
        next = baseline
    }

    /// How a message relates to the stream's position.
    package enum Step: Hashable, Sendable {
        /// The next one.
        case next
        /// A later one than expected. Those in the range have not arrived yet.
        case ahead(missing: Range<UInt32>)
        /// One that was skipped or has arrived before; the set of missing numbers decides which.
        case behind
    }

    /// Records a message's number.
    package mutating func received(_ sequence: UInt32) -> Step {
        if sequence == next {
            next = sequence &+ 1
            hasBegun = true
            return .next
        }
        if sequence < next {
            // Before the first message, the baseline is a bound and not a position: the stream begins with whatever
            // arrives.
            guard !hasBegun else { return .behind }
            hasBegun = true
            next = sequence &+ 1
            return .next
        }
        let missing = next..<sequence
        hasBegun = true
        next = sequence &+ 1
        return .ahead(missing: missing)
    }
}
