import Glibc
import Primitives

/// The measurements of one lane.
package struct LaneMeasurements: Sendable {
    var delivery = LatencyRecorder()
    /// The same for each group of shops; empty when groups are not reported separately.
    var deliveryByGroup: [LatencyRecorder]
    var post = LatencyRecorder()
    var connect = LatencyRecorder()
    var firstRecipient = LatencyRecorder()
    var lastRecipient = LatencyRecorder()
    var list = LatencyRecorder()
    var catchUp = LatencyRecorder()
    var late = LatencyRecorder()
    var lateness = LatencyRecorder()
    var receiveDelay = LatencyRecorder()
    /// Requests of the steady part that found every posting connection busy.
    var allPostersBusyCount = 0
    var counters = Counters()
    /// Streams that did not open after all attempts.
    var givenUpCount = 0
    /// CPU and wall seconds of the steady part.
    var busySeconds = 0.0
    var wallSeconds = 0.0

    private(set) var seconds: [SecondSample] = []
    private var sample = SecondSample(second: 0)
    private var sampleLatency = LatencyRecorder(significantDigits: LatencyRecorder.secondSignificantDigits)
    private let beganAt: MonotonicInstant
    private var nextSecondAt: MonotonicInstant
    let lane: Int

    init(lane: Int, groupCount: Int, beganAt: MonotonicInstant) {
        self.lane = lane
        deliveryByGroup = Array(repeating: LatencyRecorder(), count: groupCount)
        self.beganAt = beganAt
        nextSecondAt = beganAt + .seconds(1)
    }

    /// Counts a delivery.
    @inline(__always)
    mutating func delivered(_ nanoseconds: UInt64, isSteady: Bool) {
        sample.delivered += 1
        sampleLatency.record(nanoseconds: Int64(clamping: nanoseconds))
        if isSteady { delivery.record(nanoseconds: Int64(clamping: nanoseconds)) }
    }

    /// Counts a delivery without its latency.
    mutating func deliveredUnmeasured() { sample.delivered += 1 }

    /// Counts a request that became due, and how late the generator noticed it.
    mutating func offered(isMessage: Bool, late nanoseconds: UInt64, isSteady: Bool) {
        if isMessage { sample.offered += 1 }
        if isSteady { lateness.record(nanoseconds: Int64(clamping: nanoseconds)) }
    }

    /// Counts a stream that connects again.
    mutating func reconnected() {
        counters.reconnects += 1
        sample.reconnects += 1
    }

    /// Counts a message that was written.
    mutating func sent() { sample.sent += 1 }

    /// Counts received bytes.
    @inline(__always)
    mutating func received(byteCount: Int) { sample.receivedByteCount += byteCount }

    /// Counts sent bytes.
    mutating func sent(byteCount: Int) { sample.sentByteCount += byteCount }

    /// Counts a message that the server accepted.
    mutating func accepted() { sample.answered += 1 }

    /// Closes the seconds that have passed.
    mutating func advance(to now: MonotonicInstant, openCount: Int, awayCount: Int) {
        guard now >= nextSecondAt else { return }
        close(openCount, awayCount)
        let second = Int(now.since(beganAt).components.seconds)
        sample = SecondSample(second: second)
        nextSecondAt = beganAt + .seconds(second + 1)
    }

    /// Closes the last second.
    mutating func close(_ openCount: Int, _ awayCount: Int) {
        sample.openConnections = openCount
        sample.awayConnections = awayCount
        sample.latency = sampleLatency.distribution()
        sampleLatency.reset()
        seconds.append(sample)
    }

    /// The name under which the end of a connection is counted; 0 means that the peer closed it.
    static func name(ofError number: Int32) -> String {
        switch number {
        case 0: "end of stream"
        case ECONNREFUSED: "ECONNREFUSED"
        case ECONNRESET: "ECONNRESET"
        case ETIMEDOUT: "ETIMEDOUT"
        case EADDRNOTAVAIL: "EADDRNOTAVAIL"
        case EPIPE: "EPIPE"
        case ENFILE: "ENFILE"
        case EMFILE: "EMFILE"
        case ECANCELED: "ECANCELED"
        default: "errno \(number)"
        }
    }
}
