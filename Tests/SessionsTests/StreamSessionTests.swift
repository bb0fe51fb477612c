import Primitives
import Testing
import WebSocket

@testable import Sessions

/// The states of a stream and what each event does in each of them.
@Suite struct StreamSessionTests {
    typealias State = StreamSession.State
    typealias Action = StreamSession.Action

    static let waits = StreamWaits(
        heartbeat: Heartbeat.Schedule(pingPeriod: .seconds(30), pongWait: .seconds(60)), write: .seconds(10),
        close: .seconds(7), linger: .seconds(2))

    static func at(_ seconds: UInt64) -> TurnTime {
        let now = MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
        return TurnTime(now: now, monotonic: now)
    }

    /// What happens to a session.
    enum Event: CaseIterable {
        case closeRequested
        case clientClosed
        case protocolBroken
        case closeFrameSent
        case peerEnded
        case connectionFailed
        case sendBlocked
        case sendProgressed
        case timerFiredEarly
        case deadlinePassed
    }

    enum Outcome: Hashable {
        case becomes(State, Action)
        case stays(Action)
        /// A fault of the caller.
        case traps
        /// The input is dropped, and nothing happens.
        case dropped
    }

    /// A session that has just come into the state, at 100 s.
    static func session(in state: State) -> StreamSession {
        var session = StreamSession(
            messageByteCountMax: 1_024, tokenExpiresAt: at(1_000).now, at: at(90))
        switch state {
        case .open: break
        case .blocked: _ = session.sendBlocked(waits, at: at(100))
        case .closing: _ = session.closeRequested(.membershipEnded, waits, at: at(100))
        case .awaitingClose:
            _ = session.closeRequested(.membershipEnded, waits, at: at(100))
            _ = session.closeFrameSent(waits, at: at(100))
        case .flushing: _ = report(.clientClosed, to: &session, at: at(100))
        case .flushingHalfClosed:
            _ = session.closeRequested(.membershipEnded, waits, at: at(100))
            _ = session.peerEnded()
        case .lingering:
            _ = report(.clientClosed, to: &session, at: at(100))
            _ = session.closeFrameSent(waits, at: at(100))
        case .ended: _ = session.peerEnded()
        }
        return session
    }

    /// The action of an event; nil when its bytes were dropped.
    static func report(_ event: Event, to session: inout StreamSession, at time: TurnTime) -> Action? {
        switch event {
        case .closeRequested: return session.closeRequested(.tokenExpired, waits, at: time)
        case .clientClosed: return receive(ClientFrames.close(.normal), in: &session, at: time).last
        case .protocolBroken: return receive([0x81, 0x00], in: &session, at: time).last
        case .closeFrameSent: return session.closeFrameSent(waits, at: time)
        case .peerEnded: return session.peerEnded()
        case .connectionFailed: return session.connectionFailed()
        case .sendBlocked: return session.sendBlocked(waits, at: time)
        case .sendProgressed:
            session.sendProgressed()
            return Action.none
        case .timerFiredEarly: return session.timerFired(waits, at: time)
        case .deadlinePassed:
            let deadline = session.deadline(waits, at: time)
            return session.timerFired(waits, at: TurnTime(now: deadline, monotonic: deadline))
        }
    }

    /// Passes bytes to a session; returns the actions of the frames in them.
    static func receive(_ bytes: [UInt8], in session: inout StreamSession, at time: TurnTime) -> [Action] {
        var (bytes, turn) = (bytes, InputTurn())
        var span = bytes.mutableSpan
        while true {
            switch session.nextInput(in: &span, &turn, waits, at: time) {
            case .ping: continue
            case .ended(let action): return [action]
            case .done, .held: return []
            }
        }
    }

    /// Every event in every state.
    static let table: [State: [Event: Outcome]] = [
        .open: [
            .closeRequested: .becomes(.closing, .sendClose(.tokenExpired, .tokenExpired)),
            .clientClosed: .becomes(.flushing, .sendClose(.clientClosed, .normal)),
            .protocolBroken: .becomes(.flushing, .sendClose(.protocolError, .protocolError)),
            .closeFrameSent: .traps,
            .peerEnded: .becomes(.ended, .closeSocket(.clientGone)),
            .connectionFailed: .becomes(.ended, .closeSocket(.connectionError)),
            .sendBlocked: .becomes(.blocked, .setTimer),
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .stays(.sendPing),
        ],
        .blocked: [
            .closeRequested: .becomes(.closing, .sendClose(.tokenExpired, .tokenExpired)),
            .clientClosed: .becomes(.flushing, .sendClose(.clientClosed, .normal)),
            .protocolBroken: .becomes(.flushing, .sendClose(.protocolError, .protocolError)),
            .closeFrameSent: .traps,
            .peerEnded: .becomes(.ended, .closeSocket(.clientGone)),
            .connectionFailed: .becomes(.ended, .closeSocket(.connectionError)),
            .sendBlocked: .stays(.none),
            .sendProgressed: .becomes(.open, .none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .becomes(.ended, .closeSocket(.writeTimeout)),
        ],
        .closing: [
            .closeRequested: .stays(.none),
            .clientClosed: .becomes(.flushing, .none),
            .protocolBroken: .becomes(.flushing, .none),
            .closeFrameSent: .becomes(.awaitingClose, .none),
            .peerEnded: .becomes(.flushingHalfClosed, .none),
            .connectionFailed: .becomes(.ended, .closeSocket(nil)),
            .sendBlocked: .stays(.none),
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .becomes(.ended, .closeSocket(nil)),
        ],
        .awaitingClose: [
            .closeRequested: .stays(.none),
            .clientClosed: .becomes(.lingering, .shutDownSending),
            .protocolBroken: .becomes(.lingering, .shutDownSending),
            .closeFrameSent: .traps,
            .peerEnded: .becomes(.ended, .closeSocket(nil)),
            .connectionFailed: .becomes(.ended, .closeSocket(nil)),
            .sendBlocked: .traps,
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .becomes(.ended, .closeSocket(nil)),
        ],
        .flushing: [
            .closeRequested: .stays(.none),
            .clientClosed: .dropped,
            .protocolBroken: .dropped,
            .closeFrameSent: .becomes(.lingering, .shutDownSending),
            .peerEnded: .becomes(.flushingHalfClosed, .none),
            .connectionFailed: .becomes(.ended, .closeSocket(nil)),
            .sendBlocked: .stays(.none),
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .becomes(.ended, .closeSocket(nil)),
        ],
        .flushingHalfClosed: [
            .closeRequested: .stays(.none),
            .clientClosed: .dropped,
            .protocolBroken: .dropped,
            .closeFrameSent: .becomes(.ended, .closeSocket(nil)),
            .peerEnded: .stays(.none),
            .connectionFailed: .becomes(.ended, .closeSocket(nil)),
            .sendBlocked: .stays(.none),
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .becomes(.ended, .closeSocket(nil)),
        ],
        .lingering: [
            .closeRequested: .stays(.none),
            .clientClosed: .dropped,
            .protocolBroken: .dropped,
            .closeFrameSent: .stays(.none),
            .peerEnded: .becomes(.ended, .closeSocket(nil)),
            .connectionFailed: .becomes(.ended, .closeSocket(nil)),
            .sendBlocked: .traps,
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.setTimer),
            .deadlinePassed: .becomes(.ended, .closeSocket(nil)),
        ],
        .ended: [
            .closeRequested: .stays(.none),
            .clientClosed: .dropped,
            .protocolBroken: .dropped,
            .closeFrameSent: .stays(.none),
            .peerEnded: .stays(.none),
            .connectionFailed: .stays(.none),
            .sendBlocked: .traps,
            .sendProgressed: .stays(.none),
            .timerFiredEarly: .stays(.none),
            .deadlinePassed: .stays(.none),
        ],
    ]

    @Test(arguments: State.allCases)
    func `each event in each state has its action and its next state`(state: State) throws {
        let row = try #require(Self.table[state])
        for event in Event.allCases {
            let outcome = try #require(row[event], "\(event) in \(state) has no row")
            guard outcome != .traps else { continue }
            var session = Self.session(in: state)
            #expect(session.state == state)
            let action = Self.report(event, to: &session, at: Self.at(101))
            let actual: Outcome =
                if let action {
                    session.state == state ? .stays(action) : .becomes(session.state, action)
                } else {
                    .dropped
                }
            #expect(actual == outcome, "\(event) in \(state)")
        }
    }

    @Test func `the states that may follow a state are those of the table`() {
        for state in State.allCases {
            var next: Set<State> = []
            for case .becomes(let state, _) in (Self.table[state] ?? [:]).values { next.insert(state) }
            for other in State.allCases {
                #expect(state.mayBecome(other) == next.contains(other), "\(state) to \(other)")
            }
        }
    }

    @Test(arguments: ["open", "blocked", "awaitingClose"])
    func `the report of a close frame that was not pending is a fault of the caller`(name: String) async {
        await #expect(processExitsWith: .failure) { [name] in
            guard let state = State.allCases.first(where: { "\($0)" == name }) else { return }
            var session = Self.session(in: state)
            _ = session.closeFrameSent(Self.waits, at: Self.at(101))
        }
    }

    @Test(arguments: ["awaitingClose", "lingering", "ended"])
    func `a blocked send after the last frame is a fault of the caller`(name: String) async {
        await #expect(processExitsWith: .failure) { [name] in
            guard let state = State.allCases.first(where: { "\($0)" == name }) else { return }
            var session = Self.session(in: state)
            _ = session.sendBlocked(Self.waits, at: Self.at(101))
        }
    }

    // MARK: - Time

    @Test func `each state ends at its own deadline`() {
        let deadlines = State.allCases.map { state in
            Self.session(in: state).deadline(Self.waits, at: Self.at(100)).nanoseconds / 1_000_000_000
        }
        // The first two are the next ping, at 120 s, and the end of the write wait.
        #expect(deadlines.prefix(7) == [120, 110, 107, 107, 107, 107, 102])
    }

    @Test func `a blocked stream is still pinged, and its write wait begins with the first send that was blocked`() {
        let waits = StreamWaits(
            heartbeat: Heartbeat.Schedule(pingPeriod: .seconds(3), pongWait: .seconds(60)), write: .seconds(10),
            close: .seconds(7), linger: .seconds(2))
        var session = Self.session(in: .open)
        #expect(session.timerFired(waits, at: Self.at(100)) == .sendPing)
        #expect(session.sendBlocked(waits, at: Self.at(101)) == .setTimer)
        #expect(session.deadline(waits, at: Self.at(101)) == Self.at(103).now)
        #expect(session.timerFired(waits, at: Self.at(103)) == .sendPing)
        #expect(session.sendBlocked(waits, at: Self.at(105)) == .none)
        #expect(session.timerFired(waits, at: Self.at(111)) == .closeSocket(.writeTimeout))
    }

    @Test func `a stream whose client takes bytes has its whole write wait again`() {
        var session = Self.session(in: .blocked)
        session.sendProgressed()
        #expect(session.sendBlocked(Self.waits, at: Self.at(105)) == .setTimer)
        #expect(session.timerFired(Self.waits, at: Self.at(114)) == .setTimer)
        #expect(session.timerFired(Self.waits, at: Self.at(115)) == .closeSocket(.writeTimeout))
    }

    @Test func `a client that answers no ping is closed after the wait for its pong`() {
        var session = Self.session(in: .open)
        #expect(session.timerFired(Self.waits, at: Self.at(120)) == .sendPing)
        #expect(session.timerFired(Self.waits, at: Self.at(150)) == .sendPing)
        #expect(session.timerFired(Self.waits, at: Self.at(180)) == .sendClose(.pongTimeout, .internalError))
        #expect(session.state == .flushing)
    }

    @Test func `the pings of a reactor go out in rounds, and the rounds of the reactors follow one another`() {
        // The pings of 100 streams that open one after another, each a millisecond after the one before.
        let pings = (0..<3).map { index in
            let waits = Self.waits.ofReactor(index, of: 3)
            return Set(
                (0..<100).map { millisecond in
                    let now = Self.at(100).now + .milliseconds(millisecond)
                    let time = TurnTime(now: now, monotonic: now)
                    return StreamSession(
                        messageByteCountMax: 100, tokenExpiresAt: Self.at(1_000).now, at: time
                    ).deadline(waits, at: time)
                })
        }
        // 30 s have 256 rounds of 117 ms.
        #expect(pings.allSatisfy { (1...2).contains($0.count) })
        #expect(Set(pings.joined()).count == pings.map(\.count).reduce(0, +))
        let earliest = Self.at(130).now.nanoseconds - 30_000_000_000 / 256
        #expect(pings.joined().allSatisfy { $0.nanoseconds > earliest && $0 < Self.at(130).now + .milliseconds(100) })
    }

    @Test func `a pong extends the stream to the next ping`() {
        var session = Self.session(in: .open)
        #expect(session.timerFired(Self.waits, at: Self.at(120)) == .sendPing)
        #expect(Self.receive(ClientFrames.pong(), in: &session, at: Self.at(121)).isEmpty)
        #expect(session.deadline(Self.waits, at: Self.at(121)) == Self.at(150).now)
        #expect(session.timerFired(Self.waits, at: Self.at(180)) == .sendPing)
    }

    @Test func `a token expires on the monotonic clock, also while the process was stopped`() {
        var session = Self.session(in: .open)
        let stopped = TurnTime(now: Self.at(110).now, monotonic: Self.at(990).now)
        #expect(session.deadline(Self.waits, at: stopped) == Self.at(120).now)
        let late = TurnTime(now: Self.at(115).now, monotonic: Self.at(1_000).now)
        #expect(session.deadline(Self.waits, at: late) == Self.at(115).now)
        #expect(session.timerFired(Self.waits, at: late) == .sendClose(.tokenExpired, .tokenExpired))
        #expect(session.state == .closing)
    }

    @Test func `a token without an end gives the stream no deadline`() {
        let never = MonotonicInstant(nanoseconds: .max)
        let session = StreamSession(messageByteCountMax: 1, tokenExpiresAt: never, at: Self.at(90))
        let time = TurnTime(now: Self.at(90).now, monotonic: Self.at(500).now)
        #expect(session.deadline(Self.waits, at: time) == Self.at(120).now)
    }

    // MARK: - All reasons

    @Test(arguments: Disconnect.allCases.filter { !$0.codes.isEmpty })
    func `a close that the server requests has the first code of its reason`(reason: Disconnect) {
        var session = Self.session(in: .open)
        #expect(session.closeRequested(reason, Self.waits, at: Self.at(100)) == .sendClose(reason, reason.codes.first))
    }

    @Test func `a stream owns little memory`() { #expect(MemoryLayout<StreamSession>.stride <= 88) }

    /// With any events in any order, a stream's end is reported once, one close frame is sent at most, and an
    /// ended stream does nothing more.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `a stream ends once in any order of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            var session = Self.session(in: .open)
            var (endCount, closeFrameCount, second) = (0, 0, UInt64(100))
            for _ in 0..<12 {
                guard let event = Event.allCases.randomElement(using: &generator),
                    Self.table[session.state]?[event] != .traps
                else { continue }
                let wasEnded = session.state == .ended
                second += UInt64.random(in: 0..<10, using: &generator)
                let action = Self.report(event, to: &session, at: Self.at(second)) ?? .none
                switch action {
                case .sendClose:
                    endCount += 1
                    closeFrameCount += 1
                case .closeSocket(let reason): endCount += reason == nil ? 0 : 1
                case .none, .setTimer, .sendPing, .shutDownSending: break
                }
                #expect(!wasEnded || action == .none)
            }
            #expect(endCount == (session.isOpen ? 0 : 1))
            #expect(closeFrameCount <= 1)
        }
    }
}

/// Frames as a client sends them.
enum ClientFrames {
    static let mask = MaskKey(0x12, 0x34, 0x56, 0x78)

    static func frame(_ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameEncoder.append(opcode: opcode, payload: payload.span, isFinal: isFinal, mask: mask, to: &bytes)
        return bytes
    }

    static func ping(_ payload: [UInt8] = []) -> [UInt8] { frame(.ping, payload) }

    static func pong(_ payload: [UInt8] = []) -> [UInt8] { frame(.pong, payload) }

    static func close(_ code: CloseCode?) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameEncoder.appendClose(code: code, mask: mask, to: &bytes)
        return bytes
    }
}
