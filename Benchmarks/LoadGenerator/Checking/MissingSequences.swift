/// The sequence numbers that a stream skipped, as ascending ranges that neither touch nor overlap.
package struct MissingSequences: Hashable, Sendable {
    /// The ranges.
    package private(set) var ranges: [Range<UInt32>] = []

    /// Creates an empty set.
    package init() {}

    /// Adds numbers above all previous ones. O(1).
    package mutating func append(_ range: Range<UInt32>) {
        guard !range.isEmpty else { return }
        precondition((ranges.last?.upperBound ?? 0) <= range.lowerBound, "gaps are added upwards")
        if let last = ranges.last, last.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
    }

    /// Removes a number that arrived late; returns false when it was not missing. O(log n + ranges after it).
    package mutating func remove(_ sequence: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= sequence { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].contains(sequence) else { return false }
        let range = ranges[low]
        let rest = [range.lowerBound..<sequence, sequence + 1..<range.upperBound].filter { !$0.isEmpty }
        ranges.replaceSubrange(low...low, with: rest)
        return true
    }

    /// The number of missing numbers. O(ranges).
    package var count: Int { ranges.reduce(0) { $0 + $1.count } }
}
