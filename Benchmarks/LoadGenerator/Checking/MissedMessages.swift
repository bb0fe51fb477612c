/// What a stream missed of its shop between the end of one connection and the opening of the next, and what of it has
/// come since. A value without I/O; one thread.
///
/// Invariant, for each writer: numbers below `end` have arrived, are in `missing`, or are the checker's to judge. Those
/// from `end` on are expected on the connection.
package struct MissedMessages: Hashable, Sendable {
    /// How a message of the new connection relates to what was missed.
    package enum Arrival: Hashable, Sendable {
        /// It was missing, and came on the connection after all: it was written before the stream was open, and
        /// published after.
        case missed
        /// A list had it before.
        case listedBefore
        /// It was never missing.
        case expected
    }

    private struct Channel: Hashable {
        var missing = MissingSequences()
        /// The first number that was ever missing.
        var begin: UInt32
        var end: UInt32
        /// The connection has reached `end`, so that nothing below comes on it any more.
        var isPassed = false
    }

    private var channels: [Channel]

    /// A stream ended. `next` has, for each writer, the number with which it would have gone on.
    package init(next: [UInt32]) {
        channels = next.map { Channel(begin: $0, end: $0) }
    }

    /// The stream ended again. What arrived in between is not missing.
    package mutating func ended(next: [UInt32]) {
        precondition(next.count == channels.count)
        for writer in channels.indices { channels[writer].end = max(channels[writer].end, next[writer]) }
    }

    /// The stream is open again. Messages from `baselines` on must arrive on it; those before may.
    package mutating func opened(baselines: [UInt32]) {
        precondition(baselines.count == channels.count)
        for writer in channels.indices {
            let end = channels[writer].end
            channels[writer].isPassed = false
            if channels[writer].missing.ranges.isEmpty { channels[writer].begin = end }
            guard baselines[writer] > end else { continue }
            channels[writer].missing.append(end..<baselines[writer])
            channels[writer].end = baselines[writer]
        }
    }

    /// A list had a message. Returns whether it was missing.
    package mutating func listed(_ sequence: UInt32, writer: Int) -> Bool {
        channels[writer].missing.remove(sequence)
    }

    /// A message arrived on the connection, for the first time.
    package mutating func received(_ sequence: UInt32, writer: Int) -> Arrival {
        if sequence &+ 1 >= channels[writer].end { channels[writer].isPassed = true }
        guard sequence < channels[writer].end, sequence >= channels[writer].begin else { return .expected }
        return channels[writer].missing.remove(sequence) ? .missed : .listedBefore
    }

    /// Whether nothing is missing.
    package var isEmpty: Bool { channels.allSatisfy { $0.missing.ranges.isEmpty } }

    /// Whether nothing is missing, and nothing that a list had can arrive on the connection any more.
    package var isOver: Bool { isEmpty && channels.allSatisfy(\.isPassed) }

    /// What is missing of a writer.
    package func missing(ofWriter writer: Int) -> MissingSequences { channels[writer].missing }
}
