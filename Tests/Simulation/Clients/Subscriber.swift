import HTTP
import HTTPTypes
import Primitives
import Reactor
import WebSocket

/// A client of the stream: opens it, reads in its own way, and ends it in its own way or waits for the server to.
final class Subscriber: Client {
    private enum Phase {
        case asking
        case open
        /// A close frame came, or the client is done: what still comes means nothing.
        case ending
    }

    let stage: Stage
    let shop: String
    let user: String
    let temper: Temper
    private let exit: Exit
    private let speaksEvents: Bool
    private let socket: Socket
    private let handshake: ClientHandshake
    private let expiresAt: MonotonicInstant
    private var phase = Phase.asking
    private var answers = Answers()
    private var decoder = FrameDecoder(role: .client, messageByteCountMax: 1 << 20)
    private var text: [UInt8] = []
    private var lifetime: Int
    private(set) var isOver = false
    private(set) var course: Course
    /// The code of the server's close frame.
    private(set) var closeCode: CloseCode?

    init(_ stage: Stage, _ socket: Socket, shop: String, user: String) {
        let chance = stage.chance
        self.stage = stage
        self.socket = socket
        self.shop = shop
        self.user = user
        temper = chance.oneIn(2) ? .diligent : chance.pick(Temper.allCases)
        exit = chance.oneIn(2) ? .stay : chance.pick(Exit.allCases)
        speaksEvents = chance.oneIn(3)
        lifetime = chance.number(20...600)
        let protocols = speaksEvents ? ["shopstream.v2"] : []
        handshake = chance.withGenerator { ClientHandshake(subprotocols: protocols, using: &$0) }
        course = Course(shop: shop, ledger: stage.ledger)
        let token = stage.token(of: user)
        expiresAt = token.expiresAt
        var request: [UInt8] = []
        handshake.appendRequest(
            host: "simulation", path: "/api/v1/shops/\(shop)/messages/stream",
            fields: [.authorization: "Bearer \(token.text)"], to: &request)
        // Frames may come right behind the handshake.
        if chance.oneIn(8) { request += masked(.ping, Array("early".utf8)) }
        socket.send(request)
    }

    private func masked(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        let mask = stage.chance.withGenerator { MaskKey.random(using: &$0) }
        var frame: [UInt8] = []
        FrameEncoder.append(opcode: opcode, payload: payload.span, isFinal: isFinal, mask: mask, to: &frame)
        return frame
    }

    // MARK: - Steps

    func act() {
        guard !isOver else { return }
        if stage.isTraffic { actInTraffic() } else { catchUp() }
        if !isOver, socket.isOver, !socket.hasArrivals { ended() }
    }

    private func actInTraffic() {
        let chance = stage.chance
        socket.write(byteCountMax: chance.oneIn(2) ? .max : chance.number(1...60))
        switch temper {
        case .diligent: take(socket.read())
        case .sluggish where chance.oneIn(6): take(socket.read(byteCountMax: chance.number(1...200)))
        case .asleep where phase == .asking: take(socket.read(byteCountMax: 1))
        case .sluggish, .asleep: break
        }
        guard phase == .open, !socket.isEnded else { return }
        if chance.oneIn(80) { chatter() }
        lifetime -= 1
        if lifetime == 0 { leave() }
    }

    /// Reads all and answers all.
    private func catchUp() {
        socket.write()
        take(socket.read())
        socket.write()
    }

    private func chatter() {
        switch stage.chance.number(0...3) {
        case 0: socket.send(masked(.ping, Array("are you there".utf8)))
        case 1: socket.send(masked(.pong, []))
        case 2: socket.send(masked(.text, Array("nobody listens".utf8)))
        default:
            socket.send(masked(.binary, [0, 1, 2], isFinal: false))
            socket.send(masked(.ping, [7]))
            socket.send(masked(.continuation, [3]))
        }
    }

    private func leave() {
        stage.ledger.count("left by \(exit)")
        switch exit {
        case .stay: break
        case .close:
            socket.send(masked(.close, [0x03, 0xe8]))
            course.mayEndSilently = true
        case .reset:
            socket.reset()
            finish()
        case .halfClose:
            socket.write()
            socket.end()
            course.mayEndSilently = true
        case .vanish:
            socket.close()
            finish()
        case .garbage:
            socket.send((0..<stage.chance.number(2...80)).map { _ in UInt8(stage.chance.number(0...255)) })
            course.mayEndSilently = true
        case .oversize:
            socket.send(masked(.binary, Array(repeating: 0, count: 2_001)))
            course.mayEndSilently = true
        }
    }

    func observe() {
        // The answer to the handshake stands in front of everything: the subscription stands from here on.
        if phase == .asking, !course.isBegun, socket.hasArrivals { course.begin() }
    }

    // MARK: - What comes

    private func take(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, !isOver else { return }
        var bytes = bytes
        if phase == .asking {
            var offset = 0
            do throws(HTTPParseError) {
                guard let answer = try answers.next(bytes, &offset) else { return }
                answered(answer)
            } catch {
                stage.ledger.violate("the answer to a handshake is no HTTP: \(error)")
                return finish()
            }
            bytes.removeFirst(offset)
        }
        if phase == .open {
            decode(&bytes)
        } else if phase == .ending, closeCode != nil, !bytes.isEmpty {
            stage.ledger.violate("bytes behind a close frame in \(shop)")
        }
    }

    private func answered(_ answer: Answers.Answer) {
        let status = answer.head.status.code
        stage.ledger.trace.note(4, status)
        stage.ledger.count("handshakes \(status)")
        guard status == 101 else {
            let isExpired = status == 401 && stage.hasShortTokens(user)
            stage.ledger.expect(isExpired || [429, 503].contains(status), "a handshake was answered with \(status)")
            phase = .ending
            course.mayEndSilently = true
            if !socket.isEnded { socket.end() }
            return
        }
        do throws(ClientHandshakeError) {
            let chosen = try handshake.accept(status: answer.head.status, fields: answer.head.fields)
            stage.ledger.expect((chosen != nil) == speaksEvents, "the wrong subprotocol")
        } catch {
            stage.ledger.violate("a bad answer to a handshake: \(error)")
        }
        phase = .open
    }

    private func decode(_ bytes: inout [UInt8]) {
        var offset = 0
        let count = bytes.count
        do throws(WebSocketError) {
            while phase == .open {
                let event = try next(&bytes, &offset)
                guard let event else { return }
                handle(event, bytes)
            }
        } catch {
            stage.ledger.violate("a frame of the server is wrong: \(error)")
            finish()
        }
        if closeCode != nil, offset < count { stage.ledger.violate("bytes behind a close frame in \(shop)") }
    }

    private func next(_ bytes: inout [UInt8], _ offset: inout Int) throws(WebSocketError) -> FrameEvent? {
        var span = bytes.mutableSpan
        return try decoder.nextEvent(in: &span, at: &offset)
    }

    private func handle(_ event: FrameEvent, _ bytes: [UInt8]) {
        switch event {
        case .messageBegan: text = []
        case .payload(let range): text += bytes[range]
        case .messageEnded: messageReceived()
        case .ping(let payload):
            stage.ledger.count("pings")
            if !socket.isEnded { socket.send(masked(.pong, payload.bytes(from: bytes.span))) }
        case .pong: stage.ledger.count("pongs")
        case .close(let code, _):
            closeCode = code ?? .noStatusReceived
            phase = .ending
            stage.ledger.count("closed with \(closeCode?.rawValue ?? 0)")
            if !socket.isEnded {
                socket.send(masked(.close, code.map { [UInt8($0.rawValue >> 8), UInt8($0.rawValue & 0xff)] } ?? []))
            }
        }
    }

    private func messageReceived() {
        let message: WireMessage? =
            speaksEvents ? WireEnvelope<WireMessage>.parse(text)?.data : WireMessage.parse(text)
        guard let message else { return stage.ledger.violate("a frame in \(shop) is no message") }
        if stage.flaw == .clientDropsMessage, stage.chance.oneIn(10) { return }
        course.receive(message)
        if stage.flaw == .clientDoublesMessage, stage.chance.oneIn(10) { course.receive(message) }
    }

    // MARK: - The end

    private func finish() {
        isOver = true
        course.end()
    }

    private func ended() {
        if !socket.isReset { checkEnd() }
        socket.close()
        finish()
    }

    /// Whether the server had a reason to end the stream, and said it.
    private func checkEnd() {
        let ledger = stage.ledger
        switch closeCode {
        case nil:
            // Those who do not read get no ping, or cannot be told that their time is over.
            let isExcused = course.mayEndSilently || temper != .diligent || phase == .asking || socket.isStale
            ledger.expect(isExcused, "the stream of a diligent client in \(shop) ended without a word")
            if phase == .open { ledger.count("streams cut") }
        case .goingAway?:
            ledger.expect(stage.act == .draining, "1001 and no drain")
            // The hub takes one that is too slow off its shop even while it says goodbye.
            if !course.isBehind(by: stage.scenario.waitingMessageCountMax) {
                course.requireAll(before: stage.answeredAtDrain[shop] ?? 0)
            }
        case .tooSlow?: ledger.count("slow consumers")
        case .internalError?:
            // No pong came in time.
            ledger.expect(
                course.mayEndSilently || temper != .diligent, "a diligent client's pongs in \(shop) were missed")
            ledger.count("pongs missed")
        case .tokenExpired? where stage.network.now + .seconds(1) >= expiresAt: break
        case let code?:
            ledger.expect(course.mayEndSilently, "a stream in \(shop) was closed with \(code)")
        }
    }

    var isAtRest: Bool { !isStreaming || course.mayEndSilently || course.reaches(stage.ledger.storedCount(shop)) }

    func checkSettled() {
        stage.ledger.expect(
            !isStreaming || stage.network.now < expiresAt + .seconds(1), "a stream outlives its token")
        if !isAtRest { course.requireAll(before: stage.ledger.storedCount(shop)) }
    }

    func checkStopped() {
        stage.ledger.expect(isOver || socket.isOver, "the server stopped and a stream of \(shop) is open")
    }

    /// Whether nobody has accepted the connection yet, for want of room.
    var isKeptWaiting: Bool { socket.isKeptWaiting }

    /// Whether the stream is open as far as the client can tell.
    var isStreaming: Bool { !isOver && phase == .open && !socket.isOver }
}
