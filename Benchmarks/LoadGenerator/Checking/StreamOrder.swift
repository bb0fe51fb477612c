/// How far a stream has come in the sequence of its shop. Eight bytes: there is one for every stream of a run.
package struct StreamOrder: Hashable, Sendable {
    /// The sequence number that should come next; before the first message, the first that must come.
    package private(set) var next: UInt32
    /// Whether a message came.
    package private(set) var hasBegun = false

    /// A stream that opened when the shop's messages below `baseline` had been written: those may come, from there on
    /// every one must.
    package init(baseline: UInt32) {
        next = baseline
    }

    /// What a message means for the stream.
    package enum Step: Hashable, Sendable {
        /// The next one.
        case next
        /// Later ones than expected: those of the range have not come, yet.
        case ahead(missing: Range<UInt32>)
        /// One that was passed over or has come before; which of the two, the missing ones tell.
        case behind
    }

    /// Takes a message's number.
    package mutating func received(_ sequence: UInt32) -> Step {
        if sequence == next {
            next = sequence &+ 1
            hasBegun = true
            return .next
        }
        if sequence < next {
            // Before the first message, the baseline is a bound and not a place: the stream begins where it begins.
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
