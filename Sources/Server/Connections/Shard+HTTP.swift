import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor

// Requests: bytes in, one task for each complete request, bytes out. The shard works on one request of a connection at
// a time. The requests after it wait unread, which is all the back-pressure that pipelining needs.

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
        let state = HTTPConnection(
            address: address, isCounted: isCounted, listener: reactor.listener(of: connection))
        http[connection] = state
        // A connection that was accepted when the stop had begun gets a response, if its request arrives soon.
        setTimer(connection, state, drainProgress.isDraining ? ServerLimits.lingerWait : ServerLimits.headWait)
        reactor.receive(connection, isMultishot: false)
    }

    func setTimer(_ connection: ConnectionID, _ state: HTTPConnection, _ wait: Duration) {
        setTimer(connection, state, until: reactor.now + wait)
    }

    func setTimer(_ connection: ConnectionID, _ state: HTTPConnection, until deadline: MonotonicInstant) {
        if let timer = state.timer { reactor.cancel(timer) }
        state.timer = reactor.schedule(at: deadline, token: Self.timerToken(connection))
    }

    /// Continues with the next request of a connection, whose first bytes may have arrived already.
    func readNext(_ connection: ConnectionID, _ state: HTTPConnection) {
        if state.leftover.isEmpty {
            reactor.receive(connection, isMultishot: false)
        } else {
            let bytes = state.leftover
            state.leftover = []
            parse(connection, state, bytes.span)
        }
    }

    func httpReceived(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        switch state.phase {
        case .reading: parse(connection, state, bytes)
        case .lingering: reactor.receive(connection, isMultishot: false)
        case .skipping: refusedBytesReceived(connection, state, bytes)
        case .responding: skip(state, bytes)
        case .admitting, .storing, .handling: break
        }
    }

    /// Takes bytes up to the end of a request, and keeps those that follow.
    private func parse(
        _ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>, isHeadPending: Bool = false
    ) {
        var consumed = 0
        do throws(HTTPParseError) {
            if isHeadPending, let head = state.head {
                guard try acceptHead(connection, state, head, rest: bytes) else { return }
            }
            while true {
                switch try state.parser.next(bytes, consumed: &consumed) {
                case .needMore:
                    waitForMore(connection, state)
                    return
                case .head(let head):
                    state.head = head
                    state.origin = head.fields[.origin]
                    state.awaitsContinue = head.expectsContinue
                    let rest = bytes.extracting(consumed..<bytes.count)
                    guard try acceptHead(connection, state, head, rest: rest) else { return }
                case .body(let range):
                    do throws(APIError) {
                        try bodyReceived(state, bytes.extracting(range))
                    } catch {
                        refuse(connection, state, error, unread: bytes.extracting(consumed..<bytes.count))
                        return
                    }
                case .end:
                    if consumed < bytes.count {
                        state.leftover.append(contentsOf: bytes.extracting(consumed..<bytes.count))
                    }
                    begin(connection, state)
                    return
                }
            }
        } catch {
            counters.malformedRequests += 1
            refuse(connection, state, APIError(error), unread: bytes.extracting(consumed..<bytes.count))
        }
    }

    /// Decides from the head whether the body is read. False when the request was answered, waits for keys, or is an
    /// upload that is being admitted.
    private func acceptHead(
        _ connection: ConnectionID, _ state: HTTPConnection, _ head: RequestHead, rest: Span<UInt8>
    ) throws(HTTPParseError) -> Bool {
        do throws(APIError) {
            if let user = try prepareBody(state, head) {
                state.hasAwaitedKeys = false
                state.leftover = []
                state.leftover.append(contentsOf: rest)
                admitUpload(connection, state, head, by: user)
                return false
            }
        } catch {
            if error.code == AuthError.unknownKey.code, pauseForKeys(connection, state, rest) { return false }
            refuse(connection, state, error, unread: rest)
            return false
        }
        state.hasAwaitedKeys = false
        try askForBody(connection, state, head)
        return true
    }

    /// Sends `100 Continue` to a client that waits for it, unless the length of the body alone refuses it.
    private func askForBody(
        _ connection: ConnectionID, _ state: HTTPConnection, _ head: RequestHead
    ) throws(HTTPParseError) {
        guard head.expectsContinue, head.body != .none else { return }
        // An empty step checks the length of the body, without any of its bytes.
        var none = 0
        let empty: [UInt8] = []
        _ = try state.parser.next(empty.span, consumed: &none)
        state.awaitsContinue = false
        transmit(connection, state, ResponseWriter.continueResponse)
    }

    /// The keys that a request waited for were read, or its wait has ended: checks its head again.
    func keysAwaited(_ connection: ConnectionID) {
        guard let state = http[connection], state.phase == .handling, state.hasAwaitedKeys else { return }
        state.phase = .reading
        let bytes = state.leftover
        state.leftover = []
        parse(connection, state, bytes.span, isHeadPending: true)
    }

    /// Continues with a request whose upload was admitted, or refuses it. Its body was not received meanwhile.
    func uploadJudged(_ connection: ConnectionID, _ state: HTTPConnection, _ head: RequestHead, _ refusal: APIError?) {
        let bytes = state.leftover
        state.leftover = []
        state.phase = .reading
        if let refusal { return refuse(connection, state, refusal, unread: bytes.span) }
        do throws(HTTPParseError) {
            try askForBody(connection, state, head)
        } catch {
            counters.malformedRequests += 1
            return refuse(connection, state, APIError(error), unread: bytes.span)
        }
        parse(connection, state, bytes.span)
    }

    func waitForMore(_ connection: ConnectionID, _ state: HTTPConnection) {
        // The time for a head begins at its first byte, the time for a body at the end of the head: a client that
        // trickles gains none.
        if state.parser.isWithinHead {
            if state.waitingFor != .head { setTimer(connection, state, ServerLimits.headWait) }
            state.waitingFor = .head
        } else if !state.parser.isIdle {
            if state.upload?.isPieceFull == true { return storePiece(connection, state) }
            if state.waitingFor != .body {
                setTimer(
                    connection, state, state.arrival.map { $0.deadline.since(reactor.now) } ?? ServerLimits.bodyWait)
            }
            state.waitingFor = .body
        }
        reactor.receive(connection, isMultishot: false)
    }

    /// A request is complete. A task of its own works on it from here on, on this thread.
    private func begin(_ connection: ConnectionID, _ state: HTTPConnection) {
        guard let head = state.head else { preconditionFailure("a request ended that did not begin") }
        if let timer = state.timer { reactor.cancel(timer) }
        state.timer = nil
        state.phase = .handling
        state.waitingFor = .next
        let content = state.upload.map(RequestContent.upload) ?? .bytes(state.body)
        state.upload = nil
        state.arrival = nil
        let source = RequestSource(
            connection: connection, listener: state.listener, address: clientAddress(state.address, head))
        state.head = nil
        state.body = []
        state.keepsBody = false
        Task(executorPreference: reactor) { await self.handle(head, content, source) }
    }

    func httpTimedOut(_ connection: ConnectionID, _ state: HTTPConnection) {
        switch state.phase {
        case .reading where state.parser.isIdle || state.isSending:
            reactor.close(connection)
        case .reading where state.arrival?.isStalled(at: reactor.now) == false:
            if let arrival = state.arrival { setTimer(connection, state, arrival.deadline.since(reactor.now)) }
        case .reading:
            // The pending receive stays armed, and is used after the response.
            respond(connection, state, APIError.requestTimeout)
        case .admitting, .storing, .handling:
            break
        case .responding:
            responseTimedOut(connection, state)
        case .skipping, .lingering:
            reactor.close(connection)
        }
    }
}
