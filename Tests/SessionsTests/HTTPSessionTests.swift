import HTTP
import Primitives
import Testing

@testable import Sessions

/// The states of a connection that speaks HTTP, and what each event does in each of them.
@Suite struct HTTPSessionTests {
    typealias State = HTTPSession.State
    typealias Action = HTTPSession.Action

    static func at(_ seconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    static let post = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"
    static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    /// What happens to a connection, beside the bytes of its requests.
    enum Event: CaseIterable {
        /// The end of the handshake of TLS.
        case secured
        case securingFailed
        /// The caller's decisions about a head.
        case bodyAccepted
        case keysNeeded
        case keysRead
        case uploadAnnounced
        case uploadAdmitted
        case pieceStored
        /// A response of five bytes begins: the last of the connection, or not.
        case lastResponseBegan
        case responseBegan
        case sendCompleted
        case unreadReceived
        case drainBegan
        case timerFired
        case connectionEnded
    }

    enum Outcome: Hashable {
        case becomes(State, Action)
        case stays(Action)
        /// A fault of the caller.
        case traps
    }

    /// A session that has just come into the state, at 100 s.
    static func session(in state: State) -> HTTPSession {
        var session = HTTPSession(isDraining: false, at: at(100))
        switch state {
        case .securing: session = HTTPSession(isSecuring: true, isDraining: false, at: at(100))
        case .idle: break
        case .readingHead: receive("POST", in: &session)
        case .judging: receive(post, in: &session)
        case .awaitingKeys:
            receive(post, in: &session)
            session.keysNeeded(rest: Span())
        case .admittingUpload:
            receive(post, in: &session)
            session.uploadAnnounced(byteCountMax: 100, rest: Span())
        case .readingBody:
            receive(post, in: &session)
            _ = try? session.bodyAccepted(.keep)
            receive("ab", in: &session)
        case .storingPiece:
            session = Self.session(in: .admittingUpload)
            _ = try? session.uploadAdmitted(at: at(100))
            receive("ab", in: &session, isPieceFull: true)
        case .handling: handle(get, in: &session)
        case .responding:
            handle(get, in: &session)
            _ = report(.responseBegan, to: &session)
        case .skippingBody:
            session = Self.session(in: .readingBody)
            _ = report(.lastResponseBegan, to: &session)
            _ = session.sendCompleted(at: at(100))
        case .lingering:
            handle(get, in: &session)
            _ = report(.lastResponseBegan, to: &session)
            _ = session.sendCompleted(at: at(100))
        case .closed: _ = session.connectionEnded()
        }
        return session
    }

    /// Passes bytes to a session up to the next decision; returns the last thing they brought.
    @discardableResult
    static func receive(
        _ text: String, in session: inout HTTPSession, isPieceFull: Bool = false, at now: MonotonicInstant = at(100)
    ) -> HTTPSession.Input {
        let bytes = Array(text.utf8)
        var consumed = 0
        while true {
            let input = session.nextInput(in: bytes.span, &consumed)
            switch input {
            case .upload: continue
            case .done: _ = session.inputTaken(isPieceFull: isPieceFull, at: now)
            case .head, .request, .malformed: break
            }
            return input
        }
    }

    /// Passes a whole request to a session, as far as its handler.
    static func handle(_ text: String, in session: inout HTTPSession) {
        let bytes = Array(text.utf8)
        var consumed = 0
        while true {
            switch session.nextInput(in: bytes.span, &consumed) {
            case .head: _ = try? session.bodyAccepted(.keep)
            case .request:
                _ = session.takeRequest()
                return
            case .done, .upload, .malformed: preconditionFailure("no whole request")
            }
        }
    }

    /// Passes bytes to a session that reads no request.
    static func unreadReceived(_ text: String, in session: inout HTTPSession, at now: MonotonicInstant) -> Action {
        let bytes = Array(text.utf8)
        return session.unreadReceived(bytes.span, at: now)
    }

    /// The action of an event. What is to be sent is in flight afterwards.
    static func report(_ event: Event, to session: inout HTTPSession, at now: MonotonicInstant = at(101)) -> Action {
        switch event {
        case .secured: session.secured(at: now)
        case .securingFailed: return session.securingFailed(at: now)
        case .bodyAccepted: _ = try? session.bodyAccepted(.drop)
        case .keysNeeded: session.keysNeeded(rest: Span())
        case .keysRead: _ = session.keysRead()
        case .uploadAnnounced: session.uploadAnnounced(byteCountMax: 100, rest: Span())
        case .uploadAdmitted: _ = try? session.uploadAdmitted(at: now)
        case .pieceStored: session.pieceStored(after: .zero)
        case .lastResponseBegan, .responseBegan:
            session.responseBegan(closes: event == .lastResponseBegan, at: now)
            let action = session.responseProduced([1, 2, 3, 4, 5], isLast: true, at: now)
            if action == .send { session.sendNext { _ in } }
            return action
        case .sendCompleted: return session.sendCompleted(at: now)
        case .unreadReceived: return unreadReceived("c", in: &session, at: now)
        case .drainBegan: return session.drainBegan(at: now)
        case .timerFired: return session.timerFired(at: now + .seconds(10))
        case .connectionEnded: return session.connectionEnded()
        }
        return .none
    }

    private static let close = Action.close(.over)

    /// Every event in every state. What a row does not name is a fault of the caller.
    static let table: [State: [Event: Outcome]] = [
        .securing: [
            .secured: .becomes(.idle, .none), .securingFailed: .becomes(.lingering, .linger),
            .sendCompleted: .stays(.none), .drainBegan: .stays(.none),
            .timerFired: .becomes(.closed, .close(.notSecured)), .connectionEnded: .becomes(.closed, close),
        ],
        .idle: [
            .lastResponseBegan: .becomes(.responding, .send), .responseBegan: .becomes(.responding, .send),
            .sendCompleted: .stays(.none), .drainBegan: .stays(.none),
            .timerFired: .becomes(.closed, .close(.noRequest(isFirst: true))),
            .connectionEnded: .becomes(.closed, close),
        ],
        .readingHead: [
            .lastResponseBegan: .becomes(.responding, .send), .responseBegan: .becomes(.responding, .send),
            .sendCompleted: .stays(.none), .drainBegan: .stays(.none), .timerFired: .stays(.respondTimeout),
            .connectionEnded: .becomes(.closed, close),
        ],
        .judging: [
            .bodyAccepted: .becomes(.readingBody, .none), .keysNeeded: .becomes(.awaitingKeys, .none),
            .uploadAnnounced: .becomes(.admittingUpload, .none), .lastResponseBegan: .becomes(.responding, .send),
            .responseBegan: .becomes(.responding, .send), .sendCompleted: .stays(.none),
            .unreadReceived: .stays(.none), .drainBegan: .stays(.none), .timerFired: .stays(.none),
            .connectionEnded: .becomes(.closed, close),
        ],
        .awaitingKeys: [
            .keysRead: .becomes(.judging, .none), .sendCompleted: .stays(.none), .unreadReceived: .stays(.none),
            .drainBegan: .stays(.none), .timerFired: .stays(.none), .connectionEnded: .becomes(.closed, close),
        ],
        .admittingUpload: [
            .uploadAdmitted: .becomes(.readingBody, .none), .lastResponseBegan: .becomes(.responding, .send),
            .responseBegan: .becomes(.responding, .send),
            .sendCompleted: .stays(.none), .unreadReceived: .stays(.none), .drainBegan: .stays(.none),
            .timerFired: .stays(.none), .connectionEnded: .becomes(.closed, close),
        ],
        .readingBody: [
            .lastResponseBegan: .becomes(.responding, .send), .responseBegan: .becomes(.responding, .send),
            .sendCompleted: .stays(.none), .drainBegan: .stays(.none), .timerFired: .stays(.respondTimeout),
            .connectionEnded: .becomes(.closed, close),
        ],
        .storingPiece: [
            .pieceStored: .becomes(.readingBody, .none), .lastResponseBegan: .becomes(.responding, .send),
            .responseBegan: .becomes(.responding, .send), .sendCompleted: .stays(.none),
            .unreadReceived: .stays(.none), .drainBegan: .stays(.none), .timerFired: .stays(.none),
            .connectionEnded: .becomes(.closed, close),
        ],
        .handling: [
            .lastResponseBegan: .becomes(.responding, .send), .responseBegan: .becomes(.responding, .send),
            .sendCompleted: .stays(.none), .unreadReceived: .stays(.none), .drainBegan: .stays(.none),
            .timerFired: .stays(.none), .connectionEnded: .becomes(.closed, close),
        ],
        .responding: [
            .sendCompleted: .becomes(.idle, .readNext), .unreadReceived: .stays(.none), .drainBegan: .stays(.none),
            .timerFired: .becomes(.closed, .close(.stalled)), .connectionEnded: .becomes(.closed, close),
        ],
        .skippingBody: [
            .sendCompleted: .stays(.none), .unreadReceived: .stays(.skipBody(shutsDownSending: false)),
            .drainBegan: .becomes(.lingering, .linger), .timerFired: .becomes(.closed, close),
            .connectionEnded: .becomes(.closed, close),
        ],
        .lingering: [
            .sendCompleted: .stays(.none), .unreadReceived: .stays(.receive), .drainBegan: .stays(.none),
            .timerFired: .becomes(.closed, close), .connectionEnded: .becomes(.closed, close),
        ],
        .closed: [
            .sendCompleted: .stays(.none), .unreadReceived: .stays(.none), .drainBegan: .stays(.none),
            .timerFired: .stays(.none), .connectionEnded: .stays(.none),
        ],
    ]

    @Test func `a handshake of TLS has its time, and the first request its own after it`() {
        var session = HTTPSession(isSecuring: true, isDraining: false, at: Self.at(100))
        #expect(session.takeTimerChange() == .set(Self.at(100) + Limits.headWait))
        session.secured(at: Self.at(105))
        #expect(session.takeTimerChange() == .set(Self.at(105) + Limits.headWait))
    }

    @Test func `a drain gives a connection time for its first request, and none for another`() {
        var first = Self.session(in: .idle)
        _ = first.takeTimerChange()
        #expect(first.drainBegan(at: Self.at(101)) == .none)
        #expect(first.takeTimerChange() == .set(Self.at(101) + Limits.lingerWait))
        Self.handle(Self.get, in: &first)
        #expect(Self.report(.responseBegan, to: &first) == .send)
        #expect(first.sendCompleted(at: Self.at(102)) == .linger)

        var next = Self.session(in: .responding)
        _ = next.sendCompleted(at: Self.at(100))
        #expect(next.state == .idle && next.drainBegan(at: Self.at(101)) == .linger)
    }

    @Test func `the array of a large piece is freed when it was sent`() {
        var session = Self.session(in: .handling)
        session.responseBegan(closes: false, at: Self.at(100))
        let piece = [UInt8](repeating: 1, count: Limits.spentByteCountMax + 1)
        _ = session.responseProduced(piece, isLast: false, at: Self.at(100))
        session.sendNext { #expect($0.count == piece.count) }
        #expect(session.sendCompleted(at: Self.at(100)) == .produce)
        #expect(session.takeSpentBytes().isEmpty)
    }

    @Test func `the array of a response that was sent can be taken once`() {
        var session = Self.session(in: .handling)
        session.responseBegan(closes: false, at: Self.at(100))
        #expect(session.takeSpentBytes().isEmpty)
        _ = session.responseProduced([1, 2, 3, 4, 5], isLast: true, at: Self.at(100))
        session.sendNext { #expect(Array($0) == [1, 2, 3, 4, 5]) }
        #expect(session.takeSpentBytes().isEmpty)
        #expect(session.sendCompleted(at: Self.at(100)) == .readNext)
        #expect(session.takeSpentBytes() == [1, 2, 3, 4, 5])
        #expect(session.takeSpentBytes().isEmpty)
    }

    @Test(arguments: State.allCases)
    func `each event in each state has its action and its next state`(state: State) throws {
        let row = try #require(Self.table[state])
        for (event, outcome) in row {
            var session = Self.session(in: state)
            #expect(session.state == state)
            let action = Self.report(event, to: &session)
            let actual: Outcome = session.state == state ? .stays(action) : .becomes(session.state, action)
            #expect(actual == outcome, "\(event) in \(state)")
        }
    }

    /// The events that a state's row does not name, of those with which a caller decides something.
    @Test(arguments: State.allCases.map { "\($0)" })
    func `a decision at the wrong time is a fault of the caller`(name: String) async throws {
        let state = try #require(State.allCases.first { "\($0)" == name })
        let events = Event.allCases.filter { Self.table[state]?[$0] == nil }.map { "\($0)" }
        for event in events.prefix(2) {
            await #expect(processExitsWith: .failure, "\(event) in \(name)") {
                [name = name as String, eventName = event as String] in
                guard let state = State.allCases.first(where: { "\($0)" == name }),
                    let event = Event.allCases.first(where: { "\($0)" == eventName })
                else { return }
                var session = Self.session(in: state)
                _ = Self.report(event, to: &session)
            }
        }
    }

    /// The transitions that events of the table or bytes of a request make.
    @Test func `the states that may follow a state are those that something leads to`() {
        var next: [State: Set<State>] = [
            .idle: [.readingHead, .judging, .lingering], .readingHead: [.judging, .lingering],
            .readingBody: [.storingPiece, .handling],
            .responding: [.skippingBody, .lingering], .skippingBody: [.lingering],
        ]
        for (state, row) in Self.table {
            for case .becomes(let other, _) in row.values { next[state, default: []].insert(other) }
        }
        for state in State.allCases {
            for other in State.allCases {
                #expect(state.mayBecome(other) == (next[state]?.contains(other) == true), "\(state) to \(other)")
            }
        }
    }
}
