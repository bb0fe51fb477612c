import API
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions

// Responses: a body that exists is sent at once, a larger one is produced while it is sent. Then the request's task
// sends a piece, waits until the kernel took it, and produces the next one, so that it works at the peer's pace.

extension Shard {
    /// Works on one request to the end of its response. On the reactor's thread, as the task of the request.
    /// `releaseResponse` releases what the request reserved, or the end of the connection does.
    func handle(_ request: Request) async {
        let response: Response?
        do throws(APIError) {
            // Nil when the connection became a stream.
            response =
                request.route == .stream
                ? try await openStream(request) : try await RouteTable.answer(request, in: self)
        } catch {
            logFailure(error, of: request)
            response = Response(error)
        }
        let connection = request.connection
        guard let response, let state = http[connection], state.session.state == .handling else { return }
        let keepsConnection = !drainProgress.isDraining && !reactor.isCrowded(for: connection)
        let context = ResponseContext(request.head, keepAlive: keepsConnection)
        switch response.body {
        case .whole(let body):
            respond(connection, state, response, byteCount: body.count, context: context) { $0 += body }
        case .enveloped(let body):
            respond(connection, state, response, byteCount: body.byteCount, context: context, body.append(to:))
        case .pieces(let first, let rest, let byteCount):
            await respond(connection, state, request, response, first, rest, byteCount: byteCount, context: context)
        }
    }

    /// Sends a response whose body is whole. Then continues with the next request or ends the connection.
    func respond(_ connection: ConnectionID, _ state: HTTPConnection, _ error: APIError) {
        logFailure(error, connection, state)
        let body = error.body
        respond(connection, state, Response(error), byteCount: body.count, context: .closing) { $0 += body }
    }

    private func respond(
        _ connection: ConnectionID, _ state: HTTPConnection, _ response: Response, byteCount: Int,
        context: ResponseContext, _ appendBody: (inout [UInt8]) -> Void
    ) {
        let response = withCommonFields(response, to: state)
        var bytes = http.takeBuffer()
        http.responseWriter.appendHead(
            response.status, contentType: byteCount == 0 ? nil : response.contentType, contentLength: byteCount,
            fields: response.fields, context: context, at: civilTime, to: &bytes)
        if !context.omitsBody { appendBody(&bytes) }
        beginResponse(connection, state, response, context)
        setHeldMemory(state, bytes.count)
        report(connection, state) { $0.responseProduced(bytes, isLast: true, at: reactor.now) }
    }

    /// Sends a response while it is produced. Returns when the kernel took all of it or the connection ended.
    private func respond(
        _ connection: ConnectionID, _ state: HTTPConnection, _ request: Request, _ response: Response,
        _ first: [UInt8], _ rest: any ResponsePieces, byteCount: Int?, context: ResponseContext
    ) async {
        let response = withCommonFields(response, to: state)
        let kind: ResponseBodyKind =
            if let byteCount { .length(byteCount) } else if context.acceptsChunks { .chunked } else { .untilClose }
        let context = kind == .untilClose ? context.endingConnection : context
        var bytes: [UInt8] = []
        http.responseWriter.appendHead(
            response.status, contentType: response.contentType, body: kind, fields: response.fields, context: context,
            at: civilTime, to: &bytes)
        beginResponse(connection, state, response, context)
        guard !context.omitsBody else {
            return report(connection, state) { $0.responseProduced(bytes, isLast: true, at: reactor.now) }
        }
        let isChunked = kind == .chunked
        var (piece, pieces) = (ResponsePiece(bytes: first, isLast: false), rest)
        while true {
            if isChunked { ChunkedBody.append(piece.bytes.span, to: &bytes) } else { bytes += piece.bytes }
            if piece.isLast {
                if isChunked { bytes += ChunkedBody.end }
                return report(connection, state) { $0.responseProduced(bytes, isLast: true, at: reactor.now) }
            }
            guard await sent(connection, state, bytes) else { return }
            bytes = []
            let askedAt = reactor.now
            do throws(APIError) {
                piece = try await pieces.next()
            } catch {
                counters.responsesCut[.failed, default: 0] += 1
                logFailure(error, of: request)
                return report(connection, state) { $0.connectionEnded() }
            }
            guard isResponding(connection, state) else { return }
            state.session.productionWaited(reactor.now.since(askedAt))
        }
    }

    /// The turn ends: resumes the tasks that have pieces of the next one.
    func endPieceTurn() {
        guard !http.pieceTurns.isIdle else { return }
        for task in http.pieceTurns.turnEnded(beganAt: reactor.turnBeganAt, at: reactor.io.now) { task.resume() }
    }

    private func beginResponse(
        _ connection: ConnectionID, _ state: HTTPConnection, _ response: Response, _ context: ResponseContext
    ) {
        counters.count(response.status)
        if let span = state.span { responseBegan(response.status, in: span) }
        releaseUpload(state)
        state.session.responseBegan(closes: !context.keepsConnection, at: reactor.now)
        updateTimer(connection, state)
    }

    /// Whether the connection still sends this response.
    private func isResponding(_ connection: ConnectionID, _ state: HTTPConnection) -> Bool {
        http[connection] === state && state.session.state == .responding && reactor.isOpen(connection)
    }

    /// Sends bytes of a response, and returns when the kernel took them; false when the connection ended before.
    private func sent(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: [UInt8]) async -> Bool {
        guard isResponding(connection, state) else { return false }
        return await withCheckedContinuation { continuation in
            state.sender = continuation
            report(connection, state) { $0.responseProduced(bytes, isLast: false, at: reactor.now) }
        }
    }

    func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {
        if let state = http[connection] {
            guard errnoValue == 0 else { return report(connection, state) { $0.connectionEnded() } }
            let isAllSent = state.transport.sendEnded(connection, on: reactor)
            if state.transport.isIdle { endIdleWait(state, isIdle: true) }
            if isAllSent { report(connection, state) { $0.sendCompleted(at: reactor.now) } }
        } else if let transport = streams.withValue(connection, { $0.transport }) {
            guard errnoValue == 0 else { return report(connection) { $0.connectionFailed() } }
            if transport.sendEnded(connection, on: reactor) { becameWritable(connection) }
        }
    }

    /// The bytes of a response were sent, or the connection has ended: resumes the task that waits for it.
    func endSending(_ state: HTTPConnection, isSent: Bool) {
        state.sender?.resume(returning: isSent)
        state.sender = nil
    }

    /// The response was sent: releases what its request held.
    func releaseResponse(_ state: HTTPConnection) {
        setHeldMemory(state, 0)
        http.keepBuffer(state.session.takeSpentBytes())
        releaseReservation(state)
        endSpan(state, isSent: true)
        state.origin = nil
        state.requestID = nil
    }
}
