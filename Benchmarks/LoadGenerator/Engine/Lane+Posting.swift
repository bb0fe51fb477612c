import Glibc
import HTTP
import HTTPTypes
import Primitives
import Reactor

// Requests: they are queued when they become due, written as soon as there is room among those in flight, and then
// answered. A late answer delays the requests after it, whose latency still counts from their own intended time.

extension Lane {
    /// The part of every request between its first line and the fields that depend on the shop.
    static func postHead(_ plan: RunPlan, _ tokens: TokenSource) throws(LoadConfigurationError) -> [UInt8] {
        try requestHead(plan, tokens, user: plan.population.posterName)
    }

    private static func requestHead(
        _ plan: RunPlan, _ tokens: TokenSource, user: String
    ) throws(LoadConfigurationError) -> [UInt8] {
        var head = " HTTP/1.1\r\nHost: \(plan.authority)\r\nContent-Type: application/json\r\n"
        if let token = try tokens.token(of: user) {
            head += "Authorization: Bearer \(token)\r\n"
        }
        return Array((head + "X-Shop-Id: ").utf8)
    }

    /// Queues the requests that are due and writes those for which there is room.
    func pump(_ now: MonotonicInstant) {
        while let ticket = source?.takeDue(at: now) {
            let isSteady = steady.contains(ticket.intended.nanoseconds)
            // The lateness of the generator itself. Waiting for an answer from here on is caused by the server.
            measurements.offered(
                isMessage: ticket.kind == .create, late: now.since(ticket.intended).wholeNanoseconds,
                isSteady: isSteady)
            if isSteady, posters.indices.allSatisfy(isBusy) { measurements.allPostersBusyCount += 1 }
            enqueue(ticket)
        }
        for poster in postersToWrite { writeRequests(poster) }
        postersToWrite.removeAll(keepingCapacity: true)
    }

    /// Whether a posting connection has no room for another request.
    private func isBusy(_ poster: Int) -> Bool {
        posters[poster].phase != .open
            || posters[poster].inFlight.count + posters[poster].backlog.count >= plan.inFlightCountMax
    }

    private func enqueue(_ ticket: Ticket) {
        var ticket = ticket
        if ticket.kind == .create { ticket.writer = writers.take(shop: postedShop(ticket.shop)) }
        let poster = poster(ofShop: ticket.shop, writer: ticket.writer)
        guard posters[poster].backlog.count < LoadLimits.backlogCountMax / plan.laneCount else {
            countUnanswered(ticket, error: "too many waiting")
            return
        }
        append(ticket, to: poster)
    }

    /// Queues a request. It is written at the end of the turn if there is room.
    func append(_ ticket: Ticket, to poster: Int) {
        posters[poster].backlog.append(ticket)
        postersToWrite.append(poster)
    }

    /// Counts a request that will not be answered.
    private func countUnanswered(_ ticket: Ticket, error: String) {
        if ticket.kind == .create {
            measurements.counters.requestTimeouts += 1
        } else {
            measurements.counters.requestErrors["list: \(error)", default: 0] += 1
        }
    }

    private func writeRequests(_ poster: Int) {
        guard posters[poster].phase == .open else { return }
        while posters[poster].inFlight.count < plan.inFlightCountMax, var ticket = posters[poster].backlog.popFirst() {
            write(&ticket, poster)
            posters[poster].inFlight.append(ticket)
            guard ticket.kind == .create else { continue }
            measurements.counters.requestsSent += 1
            measurements.sent()
        }
        guard !posters[poster].isSending, !posters[poster].output.isEmpty else { return }
        posters[poster].isSending = true
        let output = posters[poster].output
        send(posters[poster].connection, output)
        posters[poster].output = []
    }

    private func write(_ ticket: inout Ticket, _ poster: Int) {
        let shop = plan.population.shopName(Int(ticket.shop))
        var bytes = posters[poster].output
        posters[poster].output = []
        defer { posters[poster].output = bytes }
        switch ticket.kind {
        case .create:
            let channel = channel(of: ticket)
            let place = postedShop(ticket.shop) * plan.writersPerShop + Int(ticket.writer)
            sequences[place] += 1
            ticket.sequence = sequences[place]
            board.setIssued(ticket.sequence, ofChannel: channel)
            let textByteCount = plan.scenario.textByteCount
            bytes += "POST \(RunPlan.Paths.fill(plan.paths.post, shop: shop))".utf8
            bytes += postHead
            let before = #"{"shop_id":"\#(shop)","message":""#
            bytes += "\(shop)\r\nContent-Length: \(before.utf8.count + textByteCount + 2)\r\n\r\n\(before)".utf8
            let marker = Marker(
                run: plan.run, channel: channel, sequence: ticket.sequence, intended: ticket.intended,
                textByteCount: UInt32(textByteCount))
            marker.appendText(to: &bytes)
            bytes += #""}"#.utf8
        case .list:
            bytes += "GET \(RunPlan.Paths.fill(plan.paths.list, shop: shop))".utf8
            bytes += postHead
            bytes += "\(shop)\r\n\r\n".utf8
        case .catchUp:
            let since = catchUps.asks[ticket.sequence]?.since ?? ""
            bytes += "GET \(RunPlan.Paths.fill(plan.paths.since, shop: shop))\(since)".utf8
            let user = plan.population.userName(ofStream: streamShare.number(of: Int(ticket.sequence)))
            do throws(LoadConfigurationError) {
                bytes += try Self.requestHead(plan, tokens, user: user)
            } catch {
                failure = failure ?? error
            }
            bytes += "\(shop)\r\n\r\n".utf8
        }
    }

    private func channel(of ticket: Ticket) -> UInt32 { ticket.shop * UInt32(plan.writersPerShop) + ticket.writer }

    // MARK: - Answers

    func posterReceived(_ poster: Int, _ bytes: Span<UInt8>) {
        let now = reactor.io.now
        var offset = 0
        do {
            while true {
                switch try posters[poster].parser.next(bytes, consumed: &offset) {
                case .needMore:
                    return
                case .informational:
                    break
                case .head(let head):
                    posters[poster].statusCode = head.status.code
                    posters[poster].body = []
                case .body(let range):
                    guard posters[poster].inFlight.first?.kind == .catchUp else { break }
                    // SAFETY: the bytes are copied before the closure returns.
                    unsafe bytes.extracting(range).withUnsafeBufferPointer {
                        unsafe posters[poster].body.append(contentsOf: $0)
                    }
                case .end:
                    answered(poster, now)
                }
            }
        } catch {
            reactor.close(posters[poster].connection)
            posterEnded(poster, error: "bad response")
        }
    }

    private func answered(_ poster: Int, _ now: MonotonicInstant) {
        guard let ticket = posters[poster].inFlight.popFirst() else { return }
        postersToWrite.append(poster)
        let statusCode = posters[poster].statusCode
        let isSuccess = (200..<300).contains(statusCode)
        let latency = Int64(now.since(ticket.intended).wholeNanoseconds)
        // A refusal is fast: counted as a latency, it would make the server look better.
        let isMeasured = isSuccess && steady.contains(ticket.intended.nanoseconds)
        switch ticket.kind {
        case .create:
            measurements.counters.statuses[statusCode, default: 0] += 1
            if isSuccess { measurements.accepted() }
            if isMeasured { measurements.post.record(nanoseconds: latency) }
            if !isSuccess { board.noteUnacknowledged(channel: channel(of: ticket), sequence: ticket.sequence) }
        case .list:
            if isMeasured { measurements.list.record(nanoseconds: latency) }
        case .catchUp:
            if isMeasured { measurements.catchUp.record(nanoseconds: latency) }
            if isSuccess { caughtUp(ticket, posters[poster].body, now) } else { catchUpFailed(ticket, now) }
        }
        if ticket.kind != .create, !isSuccess { countUnanswered(ticket, error: "status \(statusCode)") }
    }

    // MARK: - The connection

    func openPoster(_ poster: Int) {
        posters[poster].phase = .connecting
        let token = UInt64(UInt32(poster) | Self.posterBit)
        // An address at the end of the streams' range, so that the two do not compete for ports.
        let source = plan.source(ofStream: plan.population.streamCount + plan.streamsPerSourceAddress)
        guard let connection = reactor.connect(to: plan.target, from: source, token: token) else { return }
        posters[poster].connection = connection
        owners[Int(connection.slot)] = UInt32(poster) | Self.posterBit
    }

    func posterConnected(_ poster: Int, _ connection: ConnectionID) {
        posters[poster].parser = ResponseParser(
            limits: HTTPLimits(bodyBytesMax: UInt32(LoadLimits.listByteCountMax)))
        posters[poster].isSending = false
        if isSecure {
            posters[poster].phase = .securing
            beginSession(connection)
        } else {
            posterOpened(poster)
        }
        reactor.receive(connection, isMultishot: true)
    }

    func posterOpened(_ poster: Int) {
        posters[poster].phase = .open
        postersToWrite.append(poster)
    }

    func posterSent(_ poster: Int) {
        posters[poster].isSending = false
        postersToWrite.append(poster)
    }

    /// The connection failed or was ended. Requests in flight remain unanswered and are not sent again.
    func posterEnded(_ poster: Int, errnoValue: Int32) {
        // The server may close a connection with no request in flight.
        let isFine = errnoValue == 0 && posters[poster].inFlight.count == 0
        posterEnded(poster, error: isFine ? nil : LaneMeasurements.name(ofError: errnoValue))
    }

    func posterEnded(_ poster: Int, error: String?) {
        if let error { measurements.counters.requestErrors[error, default: 0] += 1 }
        abandonInFlight(poster)
        switch posters[poster].phase {
        case .securing, .open: owners[Int(posters[poster].connection.slot)] = Self.nobody
        case .idle, .connecting: break
        }
        posters[poster].phase = .idle
        posters[poster].output.removeAll(keepingCapacity: true)
        posters[poster].isSending = false
        posters[poster].retryAt = reactor.turnBeganAt + .milliseconds(100)
    }

    /// Reconnects connections that ended.
    func reopenPosters(_ now: MonotonicInstant) {
        for poster in posters.indices
        where posters[poster].phase == .idle && posters[poster].retryAt <= now
            && (posters[poster].backlog.count > 0
                || posters[poster].retryAt.nanoseconds > 0 && !opensPostersWhenNeeded)
        {
            openPoster(poster)
        }
    }

    /// Whether the lane's requests are rare, such as those of streams that catch up after a reconnect.
    var opensPostersWhenNeeded: Bool { plan.reconnectsPerSecondMax != nil && shopShare == nil }

    /// Whether every request was answered or abandoned.
    var isEveryRequestAnswered: Bool {
        posters.allSatisfy { $0.inFlight.count == 0 && $0.backlog.count == 0 }
    }

    /// Stops waiting for answers.
    func abandonRequests() {
        for poster in posters.indices {
            abandonInFlight(poster)
            for ticket in posters[poster].backlog.popAll() { countUnanswered(ticket, error: "not sent") }
        }
    }

    private func abandonInFlight(_ poster: Int) {
        for ticket in posters[poster].inFlight.popAll() {
            countUnanswered(ticket, error: "no answer")
            switch ticket.kind {
            case .create: board.noteUnacknowledged(channel: channel(of: ticket), sequence: ticket.sequence)
            case .list: break
            case .catchUp: catchUpFailed(ticket, reactor.turnBeganAt)
            }
        }
    }
}

/// Selects the writer of each shop's next message: a shop's writers alternate, in whatever order the shops come.
struct WriterTurns {
    private let writerCount: UInt8
    private var nextWriters: [UInt8]

    /// Writers 0 to `writerCount - 1` of each of `shopCount` shops.
    init(shopCount: Int, writerCount: Int) {
        precondition((1...LoadLimits.writerCountMax).contains(writerCount))
        self.writerCount = UInt8(writerCount)
        nextWriters = [UInt8](repeating: 0, count: shopCount)
    }

    /// The writer of the shop's next message. O(1).
    mutating func take(shop: Int) -> UInt32 {
        let writer = nextWriters[shop]
        nextWriters[shop] = (writer + 1) % writerCount
        return UInt32(writer)
    }
}
