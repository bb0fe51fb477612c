import Primitives

/// A shop in one encoding: its current subscribers, and its log while it has one.
///
/// An idle shop stores only this and its name. The log exists while bytes are retained, a subscriber trails, or a flush
/// is due.
struct Topic: BitwiseCopyable {
    let encoding: StreamEncoding
    /// The topic of the same shop in its next encoding.
    var next = SlabIndex<Topic>.null
    var log = SlabIndex<TopicLog>.null
    /// The period in which `recentDeliveries` was last changed.
    private var deliveryPeriod: UInt32 = 0
    var current = CurrentList()
    /// Frames that were sent completely to a subscriber, since the topic began.
    private(set) var deliveredFrameCount: UInt64 = 0
    /// The same in sixteenths of a frame, of which each period leaves the half.
    private var recentDeliveries: UInt64 = 0

    init(encoding: StreamEncoding) { self.encoding = encoding }
}

// MARK: - Deliveries

/// A topic counts what it delivers in all, and in a sum in which recent deliveries count more. The sum is halved for the
/// periods that have passed when it is next changed or read, so that time costs a topic nothing.
extension Topic {
    /// The period of a time: 2^33 ns, which is 8.6 s.
    static func deliveryPeriod(at now: MonotonicInstant) -> UInt32 { UInt32(truncatingIfNeeded: now.nanoseconds >> 33) }

    /// Counts frames that were sent; once for all of a flush. O(1).
    mutating func delivered(_ frameCount: UInt64, in period: UInt32) {
        deliveredFrameCount += frameCount
        recentDeliveries = recentDeliveries(in: period) + frameCount << 4
        deliveryPeriod = period
    }

    /// Ranks topics by their recent deliveries: a frame counts 16 in its own period, and half of it in each later one. So
    /// a single one counts for half a minute. O(1).
    func recentDeliveries(in period: UInt32) -> UInt64 { recentDeliveries >> UInt64(period &- deliveryPeriod) }
}
