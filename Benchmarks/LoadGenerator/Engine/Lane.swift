import Glibc
import HTTP
import Primitives
import Reactor
import TLS
import WebSocket

/// One reactor of the generator: its share of the streams, and the requests to its share of the shops.
///
/// It belongs to the reactor's thread. Lanes communicate only through the board.
package final class Lane: ReactorHandler {
    package typealias Command = Never
    package typealias Transfer = Never
    package typealias LaneReactor = Reactor<Lane, UringDriver>

    let plan: RunPlan
    let board: Board
    /// The lane's number among all of the run.
    let index: Int
    unowned let reactor: LaneReactor
    /// The lane's share of the streams: its stream `i` is number `streamShare.number(of: i)`.
    let streamShare: LaneDivision.Share
    /// The lane's share of the shops that receive posts; nil when the lane only reads.
    let shopShare: LaneDivision.Share?

    /// The streams.
    var streams: [StreamState]
    /// The stream's positions in the sequences of the shop's other writers, `writersPerShop - 1` for each stream. The
    /// position for the first writer is in the stream's own state.
    var otherOrders: [StreamOrder]
    /// The owner of each connection slot: a stream's number, or a poster's with the top bit set.
    var owners: [UInt32]
    /// Whether the connections use TLS.
    let isSecure: Bool
    /// The TLS of each connection slot; empty without TLS.
    var sessions: [TLSConnection?]
    /// The buffer of opened bytes, reused.
    var receivedPlaintext: [UInt8] = []
    /// The state that only an opening stream needs.
    var handshakes: [UInt32: Handshake] = [:]
    /// Messages of which only a part has arrived.
    var partials: [UInt32: [UInt8]] = [:]
    /// Streams to open; the last one is opened first.
    var toOpen: [UInt32] = []
    var connectingCount = 0
    /// When the lane last looked for streams that did not open in time.
    var lateHandshakesSoughtAt = MonotonicInstant(nanoseconds: 0)
    var openCount = 0
    /// Streams that the scenario took away and that are not open again yet.
    var awayCount = 0

    var posters: [Poster]
    /// Posters that may have something to write at the end of the turn. Idle posters cost nothing.
    var postersToWrite: [Int] = []
    /// The tokens of users, and the file that they may be renewed from.
    var tokens: TokenSource
    var tokenFile: TokenFile?
    /// The beginning of every POST.
    var postHead: [UInt8]
    var source: RequestSource?
    /// Selects the writer of the next message of each shop that this lane posts to.
    var writers: WriterTurns
    /// The number of the last message of each channel that this lane posts to, by shop / laneCount and writer.
    var sequences: [UInt32]

    var checker: DeliveryChecker
    var measurements: LaneMeasurements
    var disturbances: Disturbances
    /// Streams that the server ended and that wait to connect again.
    var reconnects: ReconnectQueue
    var catchUps = CatchUps()
    /// The measured part of the run, once it is known.
    var steady: Range<UInt64> = .max ..< .max
    var random: SeededGenerator
    var phase = Board.Phase.connecting
    var failure: LoadConfigurationError?

    /// The state that only an opening stream needs.
    struct Handshake {
        let handshake: ClientHandshake
        var parser = ResponseParser()
        var head: ResponseHead?
    }

    /// The bit that distinguishes posters from streams.
    static let posterBit: UInt32 = 1 << 31
    /// The slot has no owner.
    static let nobody = UInt32.max
    /// The interval at which a lane reads the board and publishes its counts.
    static let tick = Duration.milliseconds(20)

    /// Creates a lane on its reactor; `start` begins.
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
            StreamState(shop: UInt32(plan.population.shop(ofStream: streamShare.number(of: $0))))
        }
        for stream in streams.indices {
            streams[stream].isSlow = plan.isSlow(stream: streamShare.number(of: stream))
        }
        otherOrders = Array(repeating: StreamOrder(baseline: 1), count: count * (plan.writersPerShop - 1))
        owners = [UInt32](repeating: Self.nobody, count: reactor.connectionCountMax)
        isSecure = plan.tls != nil
        sessions = plan.tls == nil ? [] : Array(repeating: nil, count: reactor.connectionCountMax)
        toOpen = (0..<UInt32(count)).reversed()
        posters = Array(repeating: Poster(), count: plan.posterCount(ofLane: index))
        tokens = plan.tokens
        tokenFile = plan.reconnectsPerSecondMax == nil ? nil : plan.tokenPath.map { TokenFile(path: $0) }
        postHead = try Self.postHead(plan, plan.tokens)
        reconnects = ReconnectQueue(
            perSecondMax: (plan.reconnectsPerSecondMax ?? 1) / Double(max(streamShare.count, 1)))
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
        if !opensPostersWhenNeeded { for poster in posters.indices { openPoster(poster) } }
        openStreams()
        _ = reactor.schedule(at: reactor.now + Self.tick, token: 0)
    }

    /// Whether the lane has published its counts and its thread may end.
    package var isFinished: Bool { phase == .finished }

    /// Sends bytes on one of the lane's connections.
    func send(_ connection: ConnectionID, _ bytes: [UInt8]) {
        if isSecure { return sendSealed(connection, bytes.span) }
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
        if isSecure { return sealedBytesReceived(connection, bytes.span) }
        plaintextReceived(connection, &bytes)
    }

    /// Bytes of the protocol arrived.
    @inline(__always)
    func plaintextReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
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
        close(connection)
    }

    package func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {
        if isSecure, !outputSent(connection) { return }
        let owner = owners[Int(connection.slot)]
        if owner & Self.posterBit == 0 {
            // A failure also shows at the receive, which handles the stream's end.
            streams[Int(owner)].isSending = false
        } else if owner != Self.nobody {
            posterSent(Int(owner & ~Self.posterBit))
        }
    }

    package func connectionClosed(_ connection: ConnectionID) {
        let owner = owners[Int(connection.slot)]
        owners[Int(connection.slot)] = Self.nobody
        if isSecure { sessions[Int(connection.slot)] = nil }
        guard owner != Self.nobody, owner & Self.posterBit == 0 else { return }
        streamClosed(Int(owner), connection)
    }

    package func timerFired(_ token: UInt64) {
        tick()
        if !isFinished { _ = reactor.schedule(at: reactor.now + Self.tick, token: 0) }
    }

    package func turnEnded() -> Bool {
        // Its last second is closed, and must not be counted twice.
        guard !isFinished else { return false }
        let now = reactor.io.now
        measurements.advance(to: now, openCount: openCount, awayCount: awayCount)
        pump(now)
        reactor.turnWantedAt = source?.next
        return false
    }

    // The lane makes its own connections: none is accepted or transferred, and no send is tried without waiting.

    package func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {}
    package func connectionTransferred(_ connection: ConnectionID, transfer: Never) {}
    package func transferFailed(_ connection: ConnectionID, transfer: Never) {}
    package func commandReceived(_ command: Never) {}
    package func shortSend(_ connection: ConnectionID, byteCount: Int) {}
    package func sendCompleted(_ connection: ConnectionID, byteCount: Int) {}
    package func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {}
    package func becameWritable(_ connection: ConnectionID) {}
}
