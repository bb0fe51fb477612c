import Primitives

/// Shared state of a run: through it the reactors of all processes and the coordinator exchange when to start and stop,
/// the phase of each lane, and what was sent to each shop.
///
/// It is plain words of shared memory, on which no process waits. A lane is one reactor of one process. Each word has
/// one writer: a lane writes its own words, the coordinator those of the run, and the lane that posts to a shop the
/// count of its messages.
package struct Board: Sendable {
    /// The phase of a lane. It only increases.
    package enum Phase: UInt64, Sendable, Comparable {
        /// Connections are being opened.
        case connecting
        /// All connections are open, or were given up.
        case ready
        /// All requests were sent, and all answers arrived that are still expected.
        case posted
        /// All expected deliveries arrived.
        case complete
        /// The results were counted and the lane has ended.
        case finished

        package static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// A running counter of a lane.
    package enum Count: Int, Sendable, CaseIterable {
        case openStreams = 1
        case delivered, posted, refused, connectFailures, backlog, faults
    }

    private static let headerWordCount = 64
    private static let laneWordCount = 1_024
    private static let liveOffset = 64
    /// The words of a channel before its slots, which count the recipients of its latest messages.
    private static let channelHeadWordCount = 1
    /// The words for the slots of all channels together, unless the minimum per channel needs more.
    private static let recipientSlotBudget = 4 << 20

    private let words: SharedWords
    /// The number of lanes in the run.
    package let laneCount: Int
    /// The number of channels in the run: one for each writer of a shop.
    package let channelCount: Int
    /// The number of messages of one channel whose recipients are counted at a time.
    private let recipientSlotCount: Int

    /// Creates a board.
    package init(laneCount: Int, channelCount: Int) throws(LoadConfigurationError) {
        self.laneCount = laneCount
        self.channelCount = channelCount
        recipientSlotCount = Self.recipientSlotCount(channelCount)
        words = try SharedWords(count: Self.wordCount(laneCount, channelCount))
    }

    /// Opens the board of the parent process.
    package init(descriptor: Int32, laneCount: Int, channelCount: Int) throws(LoadConfigurationError) {
        self.laneCount = laneCount
        self.channelCount = channelCount
        recipientSlotCount = Self.recipientSlotCount(channelCount)
        words = try SharedWords(descriptor: descriptor, count: Self.wordCount(laneCount, channelCount))
    }

    private static func wordCount(_ laneCount: Int, _ channelCount: Int) -> Int {
        headerWordCount + laneCount * laneWordCount + channelsWordCount(channelCount)
            + LoadLimits.unacknowledgedCountMax
    }

    /// From 7 slots with more than half a million channels to 1,023 with a few thousand: 64 bytes to 8 KiB each.
    private static func recipientSlotCount(_ channelCount: Int) -> Int {
        let wordCount = min(max(recipientSlotBudget / max(channelCount, 1), 8), 1_024)
        return wordCount - channelHeadWordCount
    }

    private static func channelsWordCount(_ channelCount: Int) -> Int {
        channelCount * (channelHeadWordCount + recipientSlotCount(channelCount))
    }

    /// The descriptor that child processes inherit.
    package var descriptor: Int32 { words.descriptor }

    // MARK: - The run

    /// The start of the run: its second 0.
    package var beganAt: MonotonicInstant {
        get { MonotonicInstant(nanoseconds: words.load(6)) }
        nonmutating set { words.store(6, newValue.nanoseconds) }
    }

    /// The time at which sending begins; nil until it is known.
    package var startAt: MonotonicInstant? {
        get { instant(1) }
        nonmutating set { words.store(1, newValue?.nanoseconds ?? 0) }
    }

    /// The time at which waiting for what is in flight ends; nil until it is known.
    package var drainUntil: MonotonicInstant? {
        get { instant(2) }
        nonmutating set { words.store(2, newValue?.nanoseconds ?? 0) }
    }

    /// The time at which sending was stopped early; nil when it was not.
    package var stoppedAt: MonotonicInstant? {
        get { instant(7) }
        nonmutating set { words.store(7, newValue?.nanoseconds ?? 0) }
    }

    /// The time at which all lanes had everything they expected, or stopped waiting.
    package var endedAt: MonotonicInstant? {
        get { instant(8) }
        nonmutating set { words.store(8, newValue?.nanoseconds ?? 0) }
    }

    /// Whether sending must stop early.
    package var isStopping: Bool {
        get { words.load(3) != 0 }
        nonmutating set { words.store(3, newValue ? 1 : 0) }
    }

    /// Whether all lanes may close their connections and end.
    package var isOver: Bool {
        get { words.load(4) != 0 }
        nonmutating set { words.store(4, newValue ? 1 : 0) }
    }

    private func instant(_ index: Int) -> MonotonicInstant? {
        let nanoseconds = words.load(index)
        return nanoseconds == 0 ? nil : MonotonicInstant(nanoseconds: nanoseconds)
    }

    // MARK: - Lanes

    private func lane(_ index: Int) -> Int { Self.headerWordCount + index * Self.laneWordCount }

    /// The phase of a lane.
    package func phase(ofLane index: Int) -> Phase { Phase(rawValue: words.load(lane(index))) ?? .connecting }

    /// Sets the phase of a lane.
    package func setPhase(_ phase: Phase, ofLane index: Int) { words.store(lane(index), phase.rawValue) }

    /// The lowest phase of all lanes.
    package var commonPhase: Phase { (0..<laneCount).map { phase(ofLane: $0) }.min() ?? .finished }

    /// Publishes a lane's counter.
    package func set(_ count: Count, _ value: UInt64, ofLane index: Int) {
        words.store(lane(index) + count.rawValue, value)
    }

    /// The sum of a counter over all lanes.
    package func total(_ count: Count) -> UInt64 {
        (0..<laneCount).reduce(0) { $0 &+ words.load(lane($1) + count.rawValue) }
    }

    /// Adds a latency to the live display.
    @inline(__always)
    package func recordLive(nanoseconds: UInt64, ofLane index: Int) {
        words.addAlone(lane(index) + Self.liveOffset + LiveBuckets.index(of: nanoseconds), 1)
    }

    /// The live latencies of all lanes since the beginning.
    package func liveBuckets() -> LiveBuckets {
        var counts = [UInt64](repeating: 0, count: LiveBuckets.count)
        for index in 0..<laneCount {
            for bucket in counts.indices { counts[bucket] &+= words.load(lane(index) + Self.liveOffset + bucket) }
        }
        return LiveBuckets(counts: counts)
    }

    // MARK: - Channels

    private func channel(_ index: UInt32) -> Int {
        Self.headerWordCount + laneCount * Self.laneWordCount
            + Int(index) * (Self.channelHeadWordCount + recipientSlotCount)
    }

    /// The sequence number of the last message that was written to the server in a channel.
    package func issued(ofChannel index: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: words.load(channel(index))) }

    /// Sets that number. Called only by the lane that posts to the shop, before it writes the message.
    package func setIssued(_ sequence: UInt32, ofChannel index: UInt32) {
        words.store(channel(index), UInt64(sequence))
    }

    /// Counts a recipient of a message. Returns its rank among them, from 1 on; nil when the message is no longer
    /// tracked. A channel tracks as many messages at a time as it has slots, the latest ones.
    @inline(__always)
    package func recipientRank(_ sequence: UInt32, ofChannel index: UInt32) -> Int? {
        let word = channel(index) + Self.channelHeadWordCount + Int(sequence) % recipientSlotCount
        var seen = words.load(word)
        while true {
            let holder = UInt32(truncatingIfNeeded: seen >> 32)
            if holder > sequence { return nil }
            let count = holder == sequence ? (seen & 0xffff_ffff) + 1 : 1
            let (exchanged, original) = words.exchange(word, expected: seen, desired: UInt64(sequence) << 32 | count)
            if exchanged { return Int(count) }
            seen = original
        }
    }

    // MARK: - Messages that were not acknowledged

    private var unacknowledgedStart: Int {
        Self.headerWordCount + laneCount * Self.laneWordCount + Self.channelsWordCount(channelCount)
    }

    /// Records a message that the server refused or did not answer, so that no stream needs to receive it. Returns
    /// false when there are too many to record.
    @discardableResult
    package func noteUnacknowledged(channel: UInt32, sequence: UInt32) -> Bool {
        let index = words.add(5, 1)
        guard index < UInt64(LoadLimits.unacknowledgedCountMax) else { return false }
        words.store(unacknowledgedStart + Int(index), UInt64(channel) << 32 | UInt64(sequence))
        return true
    }

    /// All recorded messages, ascending, by channel. Call it once no lane posts any more.
    package func unacknowledged() -> [UInt32: [UInt32]] {
        let count = min(Int(words.load(5)), LoadLimits.unacknowledgedCountMax)
        var found: [UInt32: [UInt32]] = [:]
        for index in 0..<count {
            let word = words.load(unacknowledgedStart + index)
            found[UInt32(word >> 32), default: []].append(UInt32(truncatingIfNeeded: word))
        }
        return found.mapValues { $0.sorted() }
    }
}
