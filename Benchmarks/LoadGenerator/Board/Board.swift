import Primitives

/// What the reactors of a run, in all its processes, tell each other and the one who coordinates them: when to start
/// and to stop, how far each is, and what each shop was sent.
///
/// Plain words of shared memory; nobody waits for anybody. A lane is one reactor of one process; it alone writes its
/// own words, the coordinator alone those of the run, the lane that posts to a shop alone the count of its messages.
package struct Board: Sendable {
    /// How far a lane is; only upwards.
    package enum Phase: UInt64, Sendable, Comparable {
        /// Opens its connections.
        case connecting
        /// All are open, or given up.
        case ready
        /// Has sent all that it will send, and has every answer that it will get.
        case posted
        /// Has everything that it expects.
        case complete
        /// Has counted and ended.
        case finished

        package static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// A running count of a lane.
    package enum Count: Int, Sendable, CaseIterable {
        case openStreams = 1
        case delivered, posted, refused, connectFailures, backlog, faults
    }

    private static let headerWordCount = 64
    private static let laneWordCount = 1_024
    private static let liveOffset = 64
    /// Words of a channel before the slots in which the recipients of its latest messages are counted.
    private static let channelHeadWordCount = 2
    /// Words for the slots of all channels together, if they are so few that each has more than the fewest.
    private static let recipientSlotBudget = 4 << 20

    private let words: SharedWords
    /// Lanes of the run.
    package let laneCount: Int
    /// Channels of the run: a shop has one for each of its writers.
    package let channelCount: Int
    /// Messages of one channel whose recipients are counted at a time.
    private let recipientSlotCount: Int

    /// A new board.
    package init(laneCount: Int, channelCount: Int) throws(LoadConfigurationError) {
        self.laneCount = laneCount
        self.channelCount = channelCount
        recipientSlotCount = Self.recipientSlotCount(channelCount)
        words = try SharedWords(count: Self.wordCount(laneCount, channelCount))
    }

    /// The board of the parent process.
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

    /// From 6 for more than half a million channels to 1,022 for a few thousand: 64 bytes to 8 KiB each.
    private static func recipientSlotCount(_ channelCount: Int) -> Int {
        let wordCount = min(max(recipientSlotBudget / max(channelCount, 1), 8), 1_024)
        return wordCount - channelHeadWordCount
    }

    private static func channelsWordCount(_ channelCount: Int) -> Int {
        channelCount * (channelHeadWordCount + recipientSlotCount(channelCount))
    }

    /// What children inherit.
    package var descriptor: Int32 { words.descriptor }

    // MARK: - The run

    /// When the run began: its second 0.
    package var beganAt: MonotonicInstant {
        get { MonotonicInstant(nanoseconds: words.load(6)) }
        nonmutating set { words.store(6, newValue.nanoseconds) }
    }

    /// When sending begins; nil until it is known.
    package var startAt: MonotonicInstant? {
        get { instant(1) }
        nonmutating set { words.store(1, newValue?.nanoseconds ?? 0) }
    }

    /// When waiting for what is under way ends; nil until it is known.
    package var drainUntil: MonotonicInstant? {
        get { instant(2) }
        nonmutating set { words.store(2, newValue?.nanoseconds ?? 0) }
    }

    /// When sending was stopped early; nil when it was not.
    package var stoppedAt: MonotonicInstant? {
        get { instant(7) }
        nonmutating set { words.store(7, newValue?.nanoseconds ?? 0) }
    }

    /// When all had what they expected, or would wait no longer.
    package var endedAt: MonotonicInstant? {
        get { instant(8) }
        nonmutating set { words.store(8, newValue?.nanoseconds ?? 0) }
    }

    /// Whether sending is to stop early.
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

    /// How far a lane is.
    package func phase(ofLane index: Int) -> Phase { Phase(rawValue: words.load(lane(index))) ?? .connecting }

    /// Says how far a lane is.
    package func setPhase(_ phase: Phase, ofLane index: Int) { words.store(lane(index), phase.rawValue) }

    /// The least that every lane has reached.
    package var commonPhase: Phase { (0..<laneCount).map { phase(ofLane: $0) }.min() ?? .finished }

    /// Publishes a lane's count.
    package func set(_ count: Count, _ value: UInt64, ofLane index: Int) {
        words.store(lane(index) + count.rawValue, value)
    }

    /// The sum of a count over the lanes.
    package func total(_ count: Count) -> UInt64 {
        (0..<laneCount).reduce(0) { $0 &+ words.load(lane($1) + count.rawValue) }
    }

    /// Counts a latency among those that are shown while the run goes on.
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

    /// The number of the last message that was written to the server in a channel.
    package func issued(ofChannel index: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: words.load(channel(index))) }

    /// Says so; only the lane that posts to the shop, before it writes the message.
    package func setIssued(_ sequence: UInt32, ofChannel index: UInt32) {
        words.store(channel(index), UInt64(sequence))
    }

    /// Whether this is the first time that anyone got this message of the channel.
    @inline(__always)
    package func isFirstRecipient(_ sequence: UInt32, ofChannel index: UInt32) -> Bool {
        let word = channel(index) + 1
        var seen = words.load(word)
        while seen < UInt64(sequence) {
            let (exchanged, original) = words.exchange(word, expected: seen, desired: UInt64(sequence))
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Counts a recipient of a message and says whether it is the last of `recipientCount`. So many messages of a channel
    /// are followed at a time as there are slots; one that is overtaken by so many is given up.
    package func isLastRecipient(_ sequence: UInt32, ofChannel index: UInt32, recipientCount: Int) -> Bool {
        let word = channel(index) + Self.channelHeadWordCount + Int(sequence) % recipientSlotCount
        var seen = words.load(word)
        while true {
            let holder = UInt32(truncatingIfNeeded: seen >> 32)
            if holder > sequence { return false }
            let count = holder == sequence ? (seen & 0xffff_ffff) + 1 : 1
            let (exchanged, original) = words.exchange(word, expected: seen, desired: UInt64(sequence) << 32 | count)
            if exchanged { return count == UInt64(recipientCount) }
            seen = original
        }
    }

    // MARK: - Messages that were not acknowledged

    private var unacknowledgedStart: Int {
        Self.headerWordCount + laneCount * Self.laneWordCount + Self.channelsWordCount(channelCount)
    }

    /// Notes a message that the server refused or left unanswered: nobody needs to get it. False when there are too
    /// many to note.
    @discardableResult
    package func noteUnacknowledged(channel: UInt32, sequence: UInt32) -> Bool {
        let index = words.add(5, 1)
        guard index < UInt64(LoadLimits.unacknowledgedCountMax) else { return false }
        words.store(unacknowledgedStart + Int(index), UInt64(channel) << 32 | UInt64(sequence))
        return true
    }

    /// All that were noted, ascending, by channel; once nobody posts any more.
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
