import API
import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions

// Requests: bytes in, one task for each complete request, bytes out. `HTTPSession` decides what is read and when; this
// file performs its actions, and judges heads.

extension Shard {
    /// A connection of the metrics listener has no address, so it counts towards no address's limit.
    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {
        if let address, isCounted(address) {
            Task(executorPreference: reactor) { await self.admitCounted(connection, from: address) }
        } else {
            beginHTTP(connection, from: address, isCounted: false)
        }
    }

    /// Reads the first request of a connection.
    func beginHTTP(_ connection: ConnectionID, from address: PeerAddress?, isCounted: Bool) {
        let listener = reactor.listener(of: connection)
        let isSecuring = listener == .main && environment.certificates != nil
        let state = HTTPConnection(
            HTTPSession(
                isSecuring: isSecuring, isDraining: drainProgress.isDraining,
                keepAliveWait: environment.configuration.keepAliveWait, at: reactor.now),
            transport: isSecuring ? .awaitingHello : .plain, address: address, isCounted: isCounted,
            listener: listener)
        http[connection] = state
        updateTimer(connection, state)
        receive(connection, state.transport)
    }

    func httpReceived(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        if state.session.state.isReading {
            takeInput(connection, state, bytes)
        } else {
            unreadReceived(connection, state, bytes)
        }
    }

    /// Takes bytes up to the end of a request, or to where the rest must wait.
    func takeInput(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        var consumed = 0
        while true {
            switch state.session.nextInput(in: bytes, &consumed) {
            case .done:
                let isPieceFull = state.upload?.isPieceFull == true
                return report(connection, state) { $0.inputTaken(isPieceFull: isPieceFull, at: reactor.now) }
            case .head(let head):
                state.origin = head[.origin]
                if head.has(.requestID) { takeRequestID(head, state) }
                guard judge(head, connection, state, rest: bytes.extracting(consumed..<bytes.count)) else { return }
            case .upload(let range):
                do throws(APIError) {
                    try uploadReceived(state, bytes.extracting(range))
                } catch {
                    return refuse(connection, state, error, unread: bytes.extracting(consumed..<bytes.count))
                }
            case .request:
                return begin(connection, state)
            case .malformed(let error):
                return refuseMalformed(connection, state, error, unread: bytes.extracting(consumed..<bytes.count))
            }
        }
    }

    // MARK: - Heads

    /// Decides from the head how the body is read. False when nothing more is read now: the request was refused, waits
    /// for keys, or is an upload that is being admitted.
    func judge(
        _ head: RequestHead, _ connection: ConnectionID, _ state: HTTPConnection, rest: Span<UInt8>
    ) -> Bool {
        do throws(APIError) {
            let use: HTTPSession.BodyUse
            let plan = try plan(for: head, state)
            switch plan.body {
            case .dropped: use = .drop
            case .kept: use = .keep
            case .upload:
                guard let user = plan.identity?.userID else { preconditionFailure("an upload has a user") }
                state.session.uploadAnnounced(byteCountMax: ServerLimits.uploadByteCountMax, rest: rest)
                updateTimer(connection, state)
                admitUpload(connection, head, by: user)
                return false
            }
            return accept(connection, state, rest) { (session) throws(HTTPParseError) in
                try session.bodyAccepted(use)
            }
        } catch {
            if error.code == AuthError.unknownKey.code, pauseForKeys(connection, state, rest) { return false }
            refuse(connection, state, error, unread: rest)
            return false
        }
    }

    /// Reads the body of a request whose head was accepted. Sends `100 Continue` to a client that waits for it. False
    /// when the length of the body alone refuses it.
    func accept(
        _ connection: ConnectionID, _ state: HTTPConnection, _ rest: Span<UInt8>,
        _ event: (inout HTTPSession) throws(HTTPParseError) -> Bool
    ) -> Bool {
        do throws(HTTPParseError) {
            if try event(&state.session) {
                report(connection, state) { $0.enqueue(ResponseWriter.continueResponse) }
            }
            return true
        } catch {
            refuseMalformed(connection, state, error, unread: rest)
            return false
        }
    }

    /// The keys that a request waited for were read, or its wait has ended: judges its head again.
    func keysAwaited(_ connection: ConnectionID) {
        guard let state = http[connection], state.session.state == .awaitingKeys else { return }
        let (head, rest) = state.session.keysRead()
        if judge(head, connection, state, rest: rest.span) { takeInput(connection, state, rest.span) }
    }

    /// Refuses the request that is being read. The rest of its body is read and dropped, so that a client that sends
    /// first and reads after that sees the response. The connection ends after it.
    func refuse(_ connection: ConnectionID, _ state: HTTPConnection, _ error: APIError, unread: Span<UInt8>) {
        respond(connection, state, error)
        unreadReceived(connection, state, unread)
    }

    private func refuseMalformed(
        _ connection: ConnectionID, _ state: HTTPConnection, _ error: HTTPParseError, unread: Span<UInt8>
    ) {
        counters.malformedRequests += 1
        refuse(connection, state, APIError(error), unread: unread)
    }

    private func unreadReceived(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        let action = state.session.unreadReceived(bytes, at: reactor.now)
        updateTimer(connection, state)
        perform(action, connection, state)
    }

    /// A request is complete. A task of its own works on it from here on, on this thread.
    private func begin(_ connection: ConnectionID, _ state: HTTPConnection) {
        updateTimer(connection, state)
        let (head, body) = state.session.takeRequest()
        guard let plan = state.plan else { preconditionFailure("a head was judged") }
        state.plan = nil
        let content = state.upload.map(RequestContent.upload) ?? .bytes(body)
        state.upload = nil
        let source = RequestSource(
            connection: connection, isOnMetricsListener: state.listener == .side,
            address: clientAddress(state.address, head))
        if let tracer = environment.tracer { state.span = beginSpan(plan, tracer) }
        let request = Request(plan, content, from: source, trace: state.span?.traceContext)
        if let span = state.span { describe(request, in: span) }
        reactor.start(request, in: requestTasks)
    }

    // MARK: - Events and actions

    /// Reports an event to the session of a connection, and performs its action.
    func report(
        _ connection: ConnectionID, _ state: HTTPConnection, _ event: (inout HTTPSession) -> HTTPSession.Action
    ) {
        let action = event(&state.session)
        updateTimer(connection, state)
        perform(action, connection, state)
    }

    private func perform(_ action: HTTPSession.Action, _ connection: ConnectionID, _ state: HTTPConnection) {
        switch action {
        case .none:
            break
        case .receive:
            receive(connection, state.transport)
        case .storePiece:
            storePiece(connection, state)
        case .send:
            state.session.sendNext { state.transport.send(connection, $0, on: reactor) }
        case .produce:
            endSending(state, isSent: true)
        case .respondTimeout:
            // The pending receive stays armed, and is used after the response.
            respond(connection, state, APIError.requestTimeout)
        case .readNext:
            releaseResponse(state)
            let bytes = state.session.takeLeftover()
            if bytes.isEmpty {
                receive(connection, state.transport)
            } else {
                takeInput(connection, state, bytes.span)
            }
        case .skipBody(let shutsDownSending):
            releaseResponse(state)
            if shutsDownSending { state.transport.shutDownSending(connection, on: reactor) }
            receive(connection, state.transport)
        case .linger:
            releaseResponse(state)
            state.transport.shutDownSending(connection, on: reactor)
            receive(connection, state.transport)
        case .close(let cause):
            countClose(cause)
            state.transport.close(connection, on: reactor)
        }
    }

    private func countClose(_ cause: HTTPSession.CloseCause) {
        switch cause {
        case .over: break
        case .stalled: counters.responsesCut[.stalled, default: 0] += 1
        case .notSecured: counters.tlsHandshakes[.timeout, default: 0] += 1
        case .noRequest(let isFirst): counters.idleCloses[isFirst ? .accept : .response, default: 0] += 1
        }
    }

    /// Sets or cancels the timer of a connection as its session asks.
    func updateTimer(_ connection: ConnectionID, _ state: HTTPConnection) {
        switch state.session.takeTimerChange() {
        case .none:
            break
        case .cancel:
            if let timer = state.timer { reactor.cancel(timer) }
            state.timer = nil
        case .set(let deadline):
            if let timer = state.timer { reactor.cancel(timer) }
            state.timer = reactor.schedule(at: deadline, token: Self.timerToken(connection))
        }
    }
}
