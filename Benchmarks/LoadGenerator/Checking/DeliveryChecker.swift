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
    /// Messages, or frames, that ended too early.
    package var cut: UInt64 = 0
    /// Messages whose bytes were changed.
    package var corrupt: UInt64 = 0
    /// Messages without a marker: not the generator's.
    package var unmarked: UInt64 = 0

    /// All zero.
    package init() {}

    /// What a server must never do, as far as it is known before the end.
    package var faults: UInt64 { duplicated + outOfOrder + foreign + cut + corrupt }
}

/// Judges each message of the streams of one lane by its marker. A value without I/O; one thread.
///
/// A stream's place is eight bytes, which the caller keeps; what a stream passed over is kept here, so that a run
/// without faults allocates nothing.
package struct DeliveryChecker: Sendable {
    /// The run's number.
    package let run: UInt32
    /// What was found so far. `lost` is known only after `settle`.
    package private(set) var counts = DeliveryCounts()
    /// What streams passed over, by the stream's number within the lane.
    private var missing: [UInt32: MissingSequences] = [:]
    /// What streams that ended had passed over, with their shop.
    private var suspended: [(shop: UInt32, gaps: MissingSequences)] = []
    /// Where the last marker stood in its payload.
    private var hint = 0

    /// A checker for messages of `run`.
    package init(run: UInt32) {
        self.run = run
    }

    /// Judges the payload of one message and returns its marker when it counts as a delivery: when it is whole, of
    /// this run, of the stream's shop, and not a duplicate.
    package mutating func received(
        _ payload: Span<UInt8>, stream: UInt32, shop: UInt32, order: inout StreamOrder
    ) -> Marker? {
        switch Marker.scan(payload, hint: &hint) {
        case .found(let marker):
            guard isOurs(marker, shop: shop) else { return nil }
            return accept(marker, stream: stream, order: &order)
        case .cut(let marker):
            counts.cut += 1
            if let marker { damaged(marker, stream: stream, shop: shop, order: &order) }
        case .corrupt(let marker):
            counts.corrupt += 1
            if let marker { damaged(marker, stream: stream, shop: shop, order: &order) }
        case .missing:
            counts.unmarked += 1
        }
        return nil
    }

    private mutating func isOurs(_ marker: Marker, shop: UInt32) -> Bool {
        if marker.run == run && marker.shop == shop { return true }
        counts.foreign += 1
        return false
    }

    private mutating func accept(_ marker: Marker, stream: UInt32, order: inout StreamOrder) -> Marker? {
        switch order.received(marker.sequence) {
        case .next:
            break
        case .ahead(let range):
            missing[stream, default: MissingSequences()].append(range)
        case .behind:
            guard missing[stream]?.remove(marker.sequence) == true else {
                counts.duplicated += 1
                return nil
            }
            counts.outOfOrder += 1
        }
        counts.delivered += 1
        return marker
    }

    /// A damaged message whose marker is readable has taken its place: it is not counted as lost as well.
    @inline(never)
    private mutating func damaged(_ marker: Marker, stream: UInt32, shop: UInt32, order: inout StreamOrder) {
        guard marker.run == run, marker.shop == shop else { return }
        switch order.received(marker.sequence) {
        case .next: break
        case .ahead(let range): missing[stream, default: MissingSequences()].append(range)
        case .behind: _ = missing[stream]?.remove(marker.sequence)
        }
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
    package mutating func suspend(stream: UInt32, shop: UInt32) {
        guard let gaps = missing.removeValue(forKey: stream), !gaps.ranges.isEmpty else { return }
        suspended.append((shop, gaps))
    }

    /// Notes numbers that somebody who asked for them was not given.
    package mutating func passedOver(_ gaps: MissingSequences, shop: UInt32) {
        if !gaps.ranges.isEmpty { suspended.append((shop, gaps)) }
    }

    /// Counts what a stream did not get, once no more will come: of the numbers that it passed over and those from its
    /// place up to `end`, all that were acknowledged.
    ///
    /// - Parameters:
    ///   - stream: The stream's number within the lane; it is forgotten.
    ///   - order: Its place.
    ///   - end: One more than the last number that was meant for it.
    ///   - unacknowledged: Numbers of the shop that the server did not say it took, ascending.
    package mutating func settle(stream: UInt32, order: StreamOrder, end: UInt32, unacknowledged: [UInt32]) {
        var gaps = missing.removeValue(forKey: stream) ?? MissingSequences()
        if order.next < end { gaps.append(order.next..<end) }
        countLost(gaps, unacknowledged)
    }

    /// Counts what the streams that ended before had passed over; then all is known. Once, and last.
    package mutating func settleSuspended(unacknowledged: (UInt32) -> [UInt32]) {
        for (shop, gaps) in suspended { countLost(gaps, unacknowledged(shop)) }
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
    package func isComplete(stream: UInt32, order: StreamOrder, end: UInt32) -> Bool {
        order.next >= end && missing[stream]?.ranges.isEmpty ?? true
    }
}
