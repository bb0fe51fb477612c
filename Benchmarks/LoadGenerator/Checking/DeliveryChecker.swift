import Primitives

/// Exact counts of what a lane's streams received.
package struct DeliveryCounts: Hashable, Sendable {
    /// Messages that a stream should receive: those of its shop that were acknowledged while it was open, and those that
    /// it caught up with.
    package var expected: UInt64 = 0
    /// Intact messages of this run and of the stream's own shop, counted once for each stream.
    package var delivered: UInt64 = 0
    /// Messages that a stream missed while it was not open, and that a list had.
    package var caughtUp: UInt64 = 0
    /// Messages that were acknowledged and never arrived.
    package var lost: UInt64 = 0
    /// Messages that a stream received again, counting each repetition.
    package var duplicated: UInt64 = 0
    /// Messages that arrived after a later one of their shop.
    package var outOfOrder: UInt64 = 0
    /// Messages of another shop, or of another run.
    package var foreign: UInt64 = 0
    /// Frames that the end of the stream truncated.
    package var cut: UInt64 = 0
    /// Messages whose bytes were changed, or that ended early.
    package var corrupt: UInt64 = 0
    /// Messages without a marker, which the generator did not send.
    package var unmarked: UInt64 = 0

    /// All zero.
    package init() {}

    /// Violations by the server that are known before the end of the run.
    package var faults: UInt64 { duplicated + outOfOrder + foreign + corrupt }
}

/// Checks each message of the streams of one lane by its marker. A value without I/O; one thread.
///
/// A stream's state is eight bytes, which the caller keeps. Missing sequence numbers are kept here, so a run without
/// faults allocates nothing.
package struct DeliveryChecker: Sendable {
    /// The run's number.
    package let run: UInt32
    /// Writers per shop, each with a channel of its own.
    package let writerCount: UInt32
    /// The counts so far. `lost` is known only after `settle`.
    package private(set) var counts = DeliveryCounts()
    /// Sequence numbers that streams skipped, by place: the number of the stream and the writer.
    private var missing: [UInt32: MissingSequences] = [:]
    /// Sequence numbers that ended streams had skipped, with their channel.
    private var suspended: [(channel: UInt32, gaps: MissingSequences)] = []
    /// The offset of the last marker in its payload.
    private var hint = 0

    /// Creates a checker for messages of `run`, with `writerCount` writers per shop.
    package init(run: UInt32, writerCount: UInt32 = 1) {
        precondition(writerCount > 0)
        self.run = run
        self.writerCount = writerCount
    }

    /// A message of this run and of the stream's shop.
    package struct Identified: Hashable, Sendable {
        /// Its marker.
        package let marker: Marker
        /// Whether its text is unchanged.
        package let isWhole: Bool
    }

    /// Identifies the payload of one message. Returns nil when the message is not of this run and the stream's shop, or
    /// has no valid marker; counts what is wrong with it.
    @inline(__always)
    package mutating func identify(_ payload: Span<UInt8>, shop: UInt32) -> Identified? {
        let found: Identified?
        switch Marker.scan(payload, hint: &hint) {
        case .found(let marker):
            if marker.run == run && marker.channel / writerCount == shop {
                return Identified(marker: marker, isWhole: true)
            }
            counts.foreign += 1
            return nil
        case .cut(let marker), .corrupt(let marker):
            counts.corrupt += 1
            found = marker.map { Identified(marker: $0, isWhole: false) }
        case .missing:
            counts.unmarked += 1
            found = nil
        }
        guard let found, found.marker.run == run, found.marker.channel / writerCount == shop else { return nil }
        return found
    }

    /// Records an identified message. Returns whether it counts as a delivery: it is intact and not a duplicate. A
    /// damaged message is recorded too, so that it is not also counted as lost.
    ///
    /// - Parameters:
    ///   - found: The message.
    ///   - place: A number for the stream and the message's writer, within the lane.
    ///   - order: The stream's position in that writer's sequence.
    @inline(__always)
    package mutating func accept(_ found: Identified, place: UInt32, order: inout StreamOrder) -> Bool {
        switch order.received(found.marker.sequence) {
        case .next:
            break
        case .ahead(let range):
            missing[place, default: MissingSequences()].append(range)
        case .behind:
            let wasMissing = missing[place]?.remove(found.marker.sequence) == true
            guard found.isWhole else { return false }
            if wasMissing { counts.outOfOrder += 1 } else { counts.duplicated += 1 }
            if !wasMissing { return false }
        }
        if found.isWhole { counts.delivered += 1 }
        return found.isWhole
    }

    /// The stream ended in the middle of a frame.
    package mutating func frameCut() {
        counts.cut += 1
    }

    /// The stream broke the protocol.
    package mutating func frameCorrupt() {
        counts.corrupt += 1
    }

    /// The stream ended before the run. Keeps its missing numbers for `settle` and resets its place.
    package mutating func suspend(place: UInt32, channel: UInt32) {
        guard let gaps = missing.removeValue(forKey: place), !gaps.ranges.isEmpty else { return }
        suspended.append((channel, gaps))
    }

    /// A list had a message that its stream missed.
    package mutating func deliveryListed() {
        counts.caughtUp += 1
    }

    /// A message that a list had arrived on the stream too, and was counted there.
    package mutating func listedDeliveryArrived() {
        counts.caughtUp -= 1
    }

    /// Records numbers that a catch-up request did not return.
    package mutating func passedOver(_ gaps: MissingSequences, channel: UInt32) {
        if !gaps.ranges.isEmpty { suspended.append((channel, gaps)) }
    }

    /// Counts the losses of a stream, once no more messages can arrive: the acknowledged ones among the numbers that it
    /// skipped and those from its position up to `end`.
    ///
    /// - Parameters:
    ///   - place: A number for the stream and the writer, within the lane; its state is dropped.
    ///   - order: The stream's position.
    ///   - end: One more than the last number that the stream should receive.
    ///   - unacknowledged: Numbers of the channel that the server did not acknowledge, ascending.
    package mutating func settle(place: UInt32, order: StreamOrder, end: UInt32, unacknowledged: [UInt32]) {
        var gaps = missing.removeValue(forKey: place) ?? MissingSequences()
        if order.next < end { gaps.append(order.next..<end) }
        countLost(gaps, unacknowledged)
    }

    /// Counts the losses of streams that ended before. Call it once, last; the counts are then final.
    package mutating func settleSuspended(unacknowledged: (UInt32) -> [UInt32]) {
        for (channel, gaps) in suspended { countLost(gaps, unacknowledged(channel)) }
        suspended = []
        counts.expected = counts.delivered + counts.caughtUp + counts.lost
    }

    private mutating func countLost(_ gaps: MissingSequences, _ unacknowledged: [UInt32]) {
        for range in gaps.ranges {
            counts.lost += UInt64(range.count - Self.count(of: unacknowledged, in: range))
        }
    }

    /// The number of values of an ascending list in the range. O(log n).
    static func count(of numbers: [UInt32], in range: Range<UInt32>) -> Int {
        func firstIndex(atLeast bound: UInt32) -> Int {
            var low = 0
            var high = numbers.count
            while low < high {
                let middle = (low + high) / 2
                if numbers[middle] < bound { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return firstIndex(atLeast: range.upperBound) - firstIndex(atLeast: range.lowerBound)
    }

    /// Whether the stream has everything up to `end`, as far as its own position shows.
    package func isComplete(place: UInt32, order: StreamOrder, end: UInt32) -> Bool {
        order.next >= end && missing[place]?.ranges.isEmpty ?? true
    }
}
