package import Primitives

/// The input that streams sent beyond their frames of a turn. It waits for the next turn, and nothing more is received
/// from their clients until then. A value; at most the rest of one receive for each stream.
package struct HeldInput {
    private var bytes: [ConnectionID: [UInt8]] = [:]
    /// The streams in the order of their turn, those of this turn and those of the next.
    private var due: [ConnectionID] = []
    private var next: [ConnectionID] = []

    /// Whether no input waits for this turn or the next.
    package var isEmpty: Bool { bytes.isEmpty }

    /// Whether some of this stream's input waits.
    package func contains(_ connection: ConnectionID) -> Bool { bytes[connection] != nil }

    package init() {}

    /// Holds the rest of a receive for the next turn. O(bytes).
    package mutating func hold(_ rest: Span<UInt8>, of connection: ConnectionID) {
        precondition(bytes[connection] == nil, "more was received of a stream whose input waits")
        var copy: [UInt8] = []
        copy.append(contentsOf: rest)
        bytes[connection] = copy
        next.append(connection)
    }

    /// The input that was held in the turn before, one stream after the other; nil when all have had their turn. O(1).
    package mutating func popDue() -> (connection: ConnectionID, bytes: [UInt8])? {
        while let connection = due.popLast() {
            if let rest = bytes.removeValue(forKey: connection) { return (connection, rest) }
        }
        return nil
    }

    /// The input that is held now becomes due in the next turn.
    package mutating func turnEnded() {
        due = next.reversed()
        next.removeAll(keepingCapacity: true)
    }

    /// Drops the input of a stream that has ended.
    package mutating func remove(_ connection: ConnectionID) { bytes[connection] = nil }
}
