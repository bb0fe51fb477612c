import Glibc
import HTTP
import Primitives
import Reactor
import WebSocket

/// One reactor of the generator: its part of the streams, and the posting to its part of the shops.
///
/// All of it belongs to the reactor's thread. Lanes meet only at the board.
package final class Lane: ReactorHandler {
    package typealias Message = Never
    package typealias Parcel = Never
    package typealias LaneReactor = Reactor<Lane, UringDriver>

    let plan: RunPlan
    let board: Board
    /// The lane's number among all of the run.
    let index: Int
    unowned let reactor: LaneReactor
    /// The lane's part of the streams: its stream `i` is number `i * streamShare.count + streamShare.index`.
    let streamShare: LaneDivision.Share
    /// The lane's part of the shops that are posted to; nil when it only receives.
    let shopShare: LaneDivision.Share?

    /// The streams.
    var streams: [StreamState]
    /// The places in what the shops' other writers wrote, `writersPerShop - 1` for each stream: the first writer's is
    /// the stream's own.
    var otherOrders: [StreamOrder]
    /// Who has a connection, by its slot: a stream's number, or a poster's with the top bit set.
    var owners: [UInt32]
    /// What only a stream that is opening needs.
    var handshakes: [UInt32: Handshake] = [:]
    /// Messages of which a part has come.
    var partials: [UInt32: [UInt8]] = [:]
    /// Streams to open, the next last.
    var toOpen: [UInt32] = []
    var connectingCount = 0
    var openCount = 0
    /// Streams that the scenario took away and that are not open again.
    var awayCount = 0

    var posters: [Poster]
    /// Posters that may have something to write at the end of the turn: idle ones cost nothing.
    var postersToWrite: [Int] = []
    /// What every POST begins with.
    let postHead: [UInt8]
    var source: RequestSource?
    /// Whose turn it is to write to each shop that this lane posts to.
    var writers: WriterTurns
    /// The number of the last message of each channel that this lane posts to, by shop / laneCount and writer.
    var sequences: [UInt32]

    var checker: DeliveryChecker
    var measurements: LaneMeasurements
    var disturbances: Disturbances
    /// The measured part of the run, once it is known.
    var steady: Range<UInt64> = .max ..< .max
    var random: SeededGenerator
    var phase = Board.Phase.connecting
    var failure: LoadConfigurationError?

    /// What only a stream that is opening needs.
    struct Handshake {
        let handshake: ClientHandshake
        var parser = ResponseParser()
        var head: ResponseHead?
    }

    /// The bit that tells posters from streams.
    static let posterBit: UInt32 = 1 << 31
    /// Nobody has the slot.
    static let nobody = UInt32.max
    /// How often a lane looks at the board and tells it its counts.
    static let tick = Duration.milliseconds(20)

    /// A lane on its reactor; `start` begins.
    package init(plan: RunPlan, board: Board, index: Int, reactor: LaneReactor) throws(LoadConfigurationError) {
        self.plan = plan
        self.board = board
        self.index = index
        self.reactor = reactor
        let count = plan.streamCount(ofLane: index)
        let streamShare = plan.division.streams(ofLane: index) ?? LaneDivision.Share(index: 0, count: 1)
        self.streamShare = streamShare
        shopShare = plan.division.shops(ofLane: index)
        streams = (0..<count).map {
            StreamState(shop: UInt32(plan.population.shop(ofStream: $0 * streamShare.count + streamShare.index)))
        }
        for stream in streams.indices {
            streams[stream].isSlow = plan.isSlow(stream: stream * streamShare.count + streamShare.index)
        }
        otherOrders = Array(repeating: StreamOrder(baseline: 1), count: count * (plan.writersPerShop - 1))
        owners = [UInt32](repeating: Self.nobody, count: reactor.connectionCountMax)
        toOpen = (0..<UInt32(count)).reversed()
        posters = Array(repeating: Poster(), count: plan.posterCount(ofLane: index))
        postHead = try Self.postHead(plan)
        let shopCount = shopShare.map { plan.population.shopCount / $0.count + 1 } ?? 0
        writers = WriterTurns(shopCount: shopCount, writerCount: plan.writersPerShop)
        sequences = [UInt32](repeating: 0, count: shopCount * plan.writersPerShop)
        checker = DeliveryChecker(run: plan.run, writerCount: UInt32(plan.writersPerShop))
        measurements = LaneMeasurements(
            lane: index, groupCount: plan.measuredGroupCount, beganAt: board.beganAt)
        disturbances = Disturbances()
        random = SeededGenerator(seed: plan.seed &+ UInt64(index) &* 0x1234_5678_9abc_def1)
    }

    /// Begins to connect.
    package func start() {
        for poster in posters.indices { openPoster(poster) }
        openStreams()
        _ = reactor.schedule(at: reactor.now + Self.tick, token: 0)
    }

    /// Whether the lane has counted and its thread may end.
    package var isFinished: Bool { phase == .finished }

    /// Sends bytes on one of the lane's connections.
    func send(_ connection: ConnectionID, _ bytes: [UInt8]) {
        measurements.sent(byteCount: bytes.count)
        reactor.send(connection, bytes.span)
    }

    // MARK: - Calls of the reactor

    package func connectionOpened(_ connection: ConnectionID, token: UInt64) {
        let owner = UInt32(truncatingIfNeeded: token)
        owners[Int(connection.slot)] = owner
        if owner & Self.posterBit == 0 {
            streamConnected(Int(owner), connection)
        } else {
            posterConnected(Int(owner & ~Self.posterBit), connection)
        }
    }

    package func connectFailed(token: UInt64, errnoValue: Int32) {
        let owner = UInt32(truncatingIfNeeded: token)
        if owner & Self.posterBit == 0 {
            streamConnectFailed(Int(owner), errnoValue: errnoValue)
        } else {
            posterEnded(Int(owner & ~Self.posterBit), errnoValue: errnoValue)
        }
    }

    package func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        measurements.received(byteCount: bytes.count)
        let owner = owners[Int(connection.slot)]
        if owner & Self.posterBit == 0 {
            streamReceived(Int(owner), &bytes)
        } else if owner != Self.nobody {
            posterReceived(Int(owner & ~Self.posterBit), bytes.span)
        }
    }

    package func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {
        let owner = owners[Int(connection.slot)]
        if owner & Self.posterBit == 0 {
            streamEnded(Int(owner), errnoValue: errnoValue)
        } else if owner != Self.nobody {
            posterEnded(Int(owner & ~Self.posterBit), errnoValue: errnoValue)
        }
        reactor.close(connection)
    }

    package func sendCompleted(_ connection: ConnectionID, errnoValue: Int32) {
        let owner = owners[Int(connection.slot)]
        if owner & Self.posterBit == 0 {
            // A failure shows at the receive too, which tells the stream's end.
            streams[Int(owner)].isSending = false
        } else if owner != Self.nobody {
            posterSent(Int(owner & ~Self.posterBit))
        }
    }

    package func connectionClosed(_ connection: ConnectionID) {
        let owner = owners[Int(connection.slot)]
        owners[Int(connection.slot)] = Self.nobody
        guard owner != Self.nobody, owner & Self.posterBit == 0 else { return }
        streamClosed(Int(owner), connection)
    }

    package func timerFired(_ token: UInt64) {
        tick()
        if !isFinished { _ = reactor.schedule(at: reactor.now + Self.tick, token: 0) }
    }

    package func turnEnded() -> Bool {
        let now = reactor.io.now
        measurements.advance(to: now, openCount: openCount, awayCount: awayCount)
        pump(now)
        reactor.turnWantedAt = source?.next
        return false
    }

    // The lane's connections are its own: none is accepted, passed on, or written to by attempts.

    package func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {}
    package func connectionArrived(_ connection: ConnectionID, parcel: Never) {}
    package func passFailed(_ connection: ConnectionID, parcel: Never) {}
    package func messageReceived(_ message: Never) {}
    package func attemptFellShort(_ connection: ConnectionID, byteCount: Int) {}
    package func attemptCompleted(_ connection: ConnectionID, byteCount: Int) {}
    package func attemptFailed(_ connection: ConnectionID, errnoValue: Int32) {}
    package func becameWritable(_ connection: ConnectionID) {}
}
