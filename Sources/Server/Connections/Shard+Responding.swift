import HTTP
import HTTPTypes
import Primitives
import Reactor

// Responses: a body that exists is sent at once, a larger one is produced while it is sent. Then the request's task
// sends a piece, waits until the kernel took it, and produces the next one, so that it works at the peer's pace.

extension Shard {
    /// Works on one request to the end of its response. On the reactor's thread, as the task of the request.
    /// `responded` releases what the request reserved, or the end of the connection does.
    func handle(_ head: RequestHead, _ content: RequestContent, _ source: RequestSource) async {
        let connection = source.connection
        let response = await route(head, content, source)
        guard let response, let state = http[connection], state.phase == .handling else { return }
        let keepsConnection = !drainProgress.isDraining && !reactor.isCrowded(for: connection)
        let context = ResponseContext(head, keepAlive: keepsConnection)
        switch response.body {
        case .whole(let body):
            respond(connection, state, response, body, context: context)
        case .pieces(let first, let rest, let byteCount):
            await respond(connection, state, response, first, rest, byteCount: byteCount, context: context)
        }
    }

    /// Sends a response whose body is whole. Then continues with the next request or ends the connection.
    func respond(_ connection: ConnectionID, _ state: HTTPConnection, _ error: APIError) {
        respond(connection, state, Response(error), error.body, context: .closing)
    }

    private func respond(
        _ connection: ConnectionID, _ state: HTTPConnection, _ response: Response, _ body: [UInt8],
        context: ResponseContext
    ) {
        let response = crossOrigin(response, to: state)
        var bytes: [UInt8] = []
        http.responseWriter.append(
            response.status, contentType: body.isEmpty ? nil : response.contentType, fields: response.fields,
            body: body.span, context: context, at: civilTime, to: &bytes)
        beginResponse(connection, state, response, context)
        setHeldMemory(state, bytes.count)
        transmit(connection, state, bytes)
    }

    /// Sends a response while it is produced. Returns when the kernel took all of it or the connection ended.
    private func respond(
        _ connection: ConnectionID, _ state: HTTPConnection, _ response: Response, _ first: [UInt8],
        _ rest: any ResponsePieces, byteCount: Int?, context: ResponseContext
    ) async {
        let response = crossOrigin(response, to: state)
        let kind: ResponseBodyKind =
            if let byteCount { .length(byteCount) } else if context.acceptsChunks { .chunked } else { .untilClose }
        let context = kind == .untilClose ? context.endingConnection : context
        var bytes: [UInt8] = []
        http.responseWriter.appendHead(
            response.status, contentType: response.contentType, body: kind, fields: response.fields, context: context,
            at: civilTime, to: &bytes)
        beginResponse(connection, state, response, context)
        guard !context.omitsBody else {
            transmit(connection, state, bytes)
            return
        }
        let isChunked = kind == .chunked
        var (piece, pieces) = (ResponsePiece(bytes: first, isLast: false), rest)
        state.isProducing = true
        while true {
            if isChunked { ChunkedBody.append(piece.bytes.span, to: &bytes) } else { bytes += piece.bytes }
            if piece.isLast {
                if isChunked { bytes += ChunkedBody.end }
                state.isProducing = false
                if bytes.isEmpty { responded(connection, state) } else { transmit(connection, state, bytes) }
                return
            }
            guard await transmitted(connection, state, bytes) else { return }
            bytes = []
            let askedAt = reactor.now
            do throws(APIError) {
                piece = try await pieces.next()
            } catch {
                counters.responsesCut[.failed, default: 0] += 1
                reactor.close(connection)
                return
            }
            guard isResponding(connection, state) else { return }
            state.progress?.waitedForUs(reactor.now.since(askedAt))
        }
    }

    /// Returns when the task may work on a piece of a body: in this turn of the reactor, or a later one.
    func pieceTurn() async {
        if http.pieceTurns.take(turnBeganAt: reactor.turnBeganAt) { return }
        await withCheckedContinuation { http.pieceTurns.wait($0) }
    }

    /// The turn ends: resumes the tasks that have pieces of the next one.
    func endPieceTurn() {
        guard !http.pieceTurns.isIdle else { return }
        for task in http.pieceTurns.turnEnded(beganAt: reactor.turnBeganAt, at: reactor.io.now) { task.resume() }
        reactor.turnWantedAt = http.pieceTurns.nextTurnAt
    }

    private func beginResponse(
        _ connection: ConnectionID, _ state: HTTPConnection, _ response: Response, _ context: ResponseContext
    ) {
        counters.count(response.status)
        releaseUpload(state)
        if state.head != nil { beginSkipping(state) }
        state.phase = .responding
        state.closesAfterResponse = !context.keepsConnection
        let progress = ProgressWatch(at: reactor.now)
        state.progress = progress
        setTimer(connection, state, until: progress.deadline)
    }

    /// Whether the connection still sends this response.
    private func isResponding(_ connection: ConnectionID, _ state: HTTPConnection) -> Bool {
        http[connection] === state && state.phase == .responding && reactor.isOpen(connection)
    }

    // MARK: - Bytes

    /// Enqueues bytes after those that are being sent; `sendCompleted` continues.
    func transmit(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: [UInt8]) {
        state.output.append(bytes)
        if !state.isSending { sendNext(connection, state) }
    }

    /// Sends bytes, and returns when the kernel took them; false when the connection ended before.
    private func transmitted(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: [UInt8]) async -> Bool {
        guard isResponding(connection, state) else { return false }
        return await withCheckedContinuation { continuation in
            state.sender = continuation
            transmit(connection, state, bytes)
        }
    }

    private func sendNext(_ connection: ConnectionID, _ state: HTTPConnection) {
        state.isSending = true
        state.output.sendNext(byteCountMax: ServerLimits.responsePieceByteCount) { reactor.send(connection, $0) }
    }

    func sendCompleted(_ connection: ConnectionID, errnoValue: Int32) {
        guard let state = http[connection] else { return }
        guard errnoValue == 0 else {
            reactor.close(connection)
            return
        }
        state.isSending = false
        let byteCount = state.output.sent()
        state.progress?.moved(byteCount: byteCount, at: reactor.now)
        if !state.output.isEmpty {
            sendNext(connection, state)
        } else if let sender = state.sender {
            state.sender = nil
            sender.resume(returning: true)
        } else if state.phase == .responding, !state.isProducing {
            responded(connection, state)
        }
    }

    /// The connection has ended: resumes the task that sends on it, so that it ends too.
    func endSending(_ state: HTTPConnection) {
        state.sender?.resume(returning: false)
        state.sender = nil
    }

    /// The timer of a response: a peer that takes too little is disconnected.
    func responseTimedOut(_ connection: ConnectionID, _ state: HTTPConnection) {
        let now = reactor.now
        // While the next piece is produced, the peer waits for the server.
        if !state.isSending { state.progress = ProgressWatch(at: now) }
        if state.progress?.isStalled(at: now) ?? true {
            counters.responsesCut[.stalled, default: 0] += 1
            reactor.close(connection)
        } else if let progress = state.progress {
            setTimer(connection, state, until: progress.deadline)
        }
    }

    private func responded(_ connection: ConnectionID, _ state: HTTPConnection) {
        setHeldMemory(state, 0)
        releaseReservation(state)
        state.progress = nil
        if state.closesAfterResponse {
            skipRefusedBody(connection, state)
            return
        }
        state.phase = .reading
        state.origin = nil
        if drainProgress.isDraining, state.leftover.isEmpty {
            linger(connection, state)
            return
        }
        setTimer(connection, state, ServerLimits.keepAliveWait)
        readNext(connection, state)
    }

    /// Shuts down our side, and reads until the peer has shut down its own. Closing at once, with bytes unread, would
    /// reset the connection, and the reset could overtake the response.
    func linger(_ connection: ConnectionID, _ state: HTTPConnection) {
        state.phase = .lingering
        setTimer(connection, state, ServerLimits.lingerWait)
        reactor.shutdownSending(connection)
        // A request that timed out left its receive in flight.
        if !reactor.isReceiving(connection) { reactor.receive(connection, isMultishot: false) }
    }
}
