import Primitives

/// What a lane's streams received, in exact counts.
package struct DeliveryCounts: Hashable, Sendable {
    /// Messages that a stream was to get: those of its shop that were acknowledged while it was open.
    package var expected: UInt64 = 0
    /// Messages that came whole, of this run and of the stream's own shop, once for each stream.
    package var delivered: UInt64 = 0
    /// Messages that were acknowledged and never came.
    package var lost: UInt64 = 0
    /// Messages that a stream got more than once, each time but the first.
    package var duplicated: UInt64 = 0
    /// Messages that came after a later one of their shop.
    package var outOfOrder: UInt64 = 0
    /// Messages of another shop, or of another run.
    package var foreign: UInt64 = 0
    /// Frames that the end of the stream cut off.
    package var cut: UInt64 = 0
    /// Messages whose bytes were changed, or ended too early.
    package var corrupt: UInt64 = 0
    /// Messages without a marker: not the generator's.
    package var unmarked: UInt64 = 0

    /// All zero.
    package init() {}

    /// What a server must never do, as far as it is known before the end.
    package var faults: UInt64 { duplicated + outOfOrder + foreign + corrupt }
}

/// Judges each message of the streams of one lane by its marker. A value without I/O; one thread.
///
/// A stream's place is eight bytes, which the caller keeps; what a stream passed over is kept here, so that a run
/// without faults allocates nothing.
package struct DeliveryChecker: Sendable {
    /// The run's number.
    package let run: UInt32
    /// Writers of a shop, each with a channel of its own.
    package let writerCount: UInt32
    /// What was found so far. `lost` is known only after `settle`.
    package private(set) var counts = DeliveryCounts()
    /// What streams passed over, by place: the stream's and the writer's number.
    private var missing: [UInt32: MissingSequences] = [:]
    /// What streams that ended had passed over, with its channel.
    private var suspended: [(channel: UInt32, gaps: MissingSequences)] = []
    /// Where the last marker stood in its payload.
    private var hint = 0

    /// A checker for messages of `run`, in which each shop has so many writers.
    package init(run: UInt32, writerCount: UInt32 = 1) {
        precondition(writerCount > 0)
        self.run = run
        self.writerCount = writerCount
    }

    /// A message of this run and of the stream's shop.
    package struct Identified: Hashable, Sendable {
        /// Its marker.
        package let marker: Marker
        /// Whether its text is what was sent.
        package let isWhole: Bool
    }

    /// Looks at the payload of one message: nil when it is none of this run and of the stream's shop, or cannot be
    /// told; what is wrong with it is counted.
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

    /// Puts an identified message in its place and says whether it counts as a delivery: it is whole and no duplicate.
    /// One that is damaged takes its place too, and so is not counted as lost as well.
    ///
    /// - Parameters:
    ///   - found: The message.
    ///   - place: A number for the stream and the message's writer, within the lane.
    ///   - order: How far the stream has come in what that writer wrote.
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

    /// The stream ended before the run: what it passed over is kept for `settle`, its place begins anew.
    package mutating func suspend(place: UInt32, channel: UInt32) {
        guard let gaps = missing.removeValue(forKey: place), !gaps.ranges.isEmpty else { return }
        suspended.append((channel, gaps))
    }

    /// Notes numbers that somebody who asked for them was not given.
    package mutating func passedOver(_ gaps: MissingSequences, channel: UInt32) {
        if !gaps.ranges.isEmpty { suspended.append((channel, gaps)) }
    }

    /// Counts what a stream did not get, once no more will come: of the numbers that it passed over and those from its
    /// place up to `end`, all that were acknowledged.
    ///
    /// - Parameters:
    ///   - place: A number for the stream and the writer, within the lane; it is forgotten.
    ///   - order: Its place.
    ///   - end: One more than the last number that was meant for it.
    ///   - unacknowledged: Numbers of the channel that the server did not say it took, ascending.
    package mutating func settle(place: UInt32, order: StreamOrder, end: UInt32, unacknowledged: [UInt32]) {
        var gaps = missing.removeValue(forKey: place) ?? MissingSequences()
        if order.next < end { gaps.append(order.next..<end) }
        countLost(gaps, unacknowledged)
    }

    /// Counts what the streams that ended before had passed over; then all is known. Once, and last.
    package mutating func settleSuspended(unacknowledged: (UInt32) -> [UInt32]) {
        for (channel, gaps) in suspended { countLost(gaps, unacknowledged(channel)) }
        suspended = []
        counts.expected = counts.delivered + counts.lost
    }

    private mutating func countLost(_ gaps: MissingSequences, _ unacknowledged: [UInt32]) {
        for range in gaps.ranges {
            counts.lost += UInt64(range.count - Self.count(of: unacknowledged, in: range))
        }
    }

    /// How many of the ascending numbers lie in the range. O(log n).
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

    /// Whether the stream has all up to `end`, as far as its own place tells.
    package func isComplete(place: UInt32, order: StreamOrder, end: UInt32) -> Bool {
        order.next >= end && missing[place]?.ranges.isEmpty ?? true
    }
}
