import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions
import WebSocket

/// A client of a stream: it opens the stream, reads as its `reading` says, and ends the stream as its `exit` says.
final class Subscriber: Client {
    private enum Phase {
        case asking
        case open
        /// A close frame came, or the client is done: later bytes are ignored.
        case ending
    }

    let context: RunContext
    let shop: String
    let user: String
    let reading: Reading
    private let exit: Exit
    private let speaksEvents: Bool
    private let socket: Socket
    private let handshake: ClientHandshake
    private let expiresAt: MonotonicInstant
    private var phase = Phase.asking
    private var answers = Answers()
    private var decoder = FrameDecoder(endpoint: .client, messageByteCountMax: 1 << 20)
    private var text: [UInt8] = []
    private var lifetime: Int
    private(set) var isOver = false
    private(set) var observed: ObservedStream
    /// The code of the server's close frame.
    private(set) var closeCode: CloseCode?

    init(_ context: RunContext, _ socket: Socket, shop: String, user: String) {
        let chance = context.chance
        self.context = context
        self.socket = socket
        self.shop = shop
        self.user = user
        reading = chance.oneIn(2) ? .diligent : chance.pick(Reading.allCases)
        exit = chance.oneIn(2) ? .stay : chance.pick(Exit.allCases)
        speaksEvents = chance.oneIn(3)
        lifetime = chance.number(20...600)
        let protocols = speaksEvents ? ["shopstream.v2"] : []
        handshake = chance.withGenerator { ClientHandshake(subprotocols: protocols, using: &$0) }
        observed = ObservedStream(shop: shop, ledger: context.ledger)
        let token = context.token(of: user)
        expiresAt = token.expiresAt
        var request: [UInt8] = []
        handshake.appendRequest(
            host: "simulation", path: "/api/v1/shops/\(shop)/messages/stream",
            fields: [.authorization: "Bearer \(token.text)"], to: &request)
        // Frames may arrive together with the handshake's response.
        if chance.oneIn(8) { request += masked(.ping, Array("early".utf8)) }
        socket.send(request)
    }

    private func masked(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        let mask = context.chance.withGenerator { MaskKey.random(using: &$0) }
        var frame: [UInt8] = []
        FrameEncoder.append(opcode: opcode, payload: payload.span, isFinal: isFinal, mask: mask, to: &frame)
        return frame
    }

    // MARK: - Steps

    func step() {
        guard !isOver else { return }
        if context.isTraffic { stepInTraffic() } else { catchUp() }
        if !isOver, socket.isOver, !socket.hasArrivals { ended() }
    }

    private func stepInTraffic() {
        let chance = context.chance
        socket.write(byteCountMax: chance.oneIn(2) ? .max : chance.number(1...60))
        switch reading {
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
        switch context.chance.number(0...3) {
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
        context.ledger.count("left by \(exit)")
        switch exit {
        case .stay: break
        case .close:
            socket.send(masked(.close, [0x03, 0xe8]))
            observed.mayEndSilently = true
        case .reset:
            socket.reset()
            finish()
        case .halfClose:
            socket.write()
            socket.end()
            observed.mayEndSilently = true
        case .vanish:
            socket.close()
            finish()
        case .garbage:
            socket.send((0..<context.chance.number(2...80)).map { _ in UInt8(context.chance.number(0...255)) })
            observed.mayEndSilently = true
        case .oversize:
            socket.send(masked(.binary, Array(repeating: 0, count: 2_001)))
            observed.mayEndSilently = true
        }
    }

    func observe() {
        // The answer to the handshake comes before all messages: the subscription exists from here on.
        if phase == .asking, !observed.isBegun, socket.hasArrivals { observed.begin() }
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
                context.ledger.violate("the answer to a handshake is no HTTP: \(error)")
                return finish()
            }
            bytes.removeFirst(offset)
        }
        if phase == .open {
            decode(&bytes)
        } else if phase == .ending, closeCode != nil, !bytes.isEmpty {
            context.ledger.violate("bytes after a close frame in \(shop)")
        }
    }

    private func answered(_ answer: Answers.Answer) {
        let status = answer.head.status.code
        context.ledger.trace.note(4, status)
        context.ledger.count("handshakes \(status)")
        guard status == 101 else {
            let isExpired = status == 401 && context.hasShortTokens(user)
            context.ledger.expect(isExpired || [429, 503].contains(status), "a handshake was answered with \(status)")
            phase = .ending
            observed.mayEndSilently = true
            if !socket.isEnded { socket.end() }
            return
        }
        do throws(ClientHandshakeError) {
            let chosen = try handshake.accept(status: answer.head.status, fields: answer.head.fields)
            context.ledger.expect((chosen != nil) == speaksEvents, "the wrong subprotocol")
        } catch {
            context.ledger.violate("a bad answer to a handshake: \(error)")
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
            context.ledger.violate("a frame of the server is wrong: \(error)")
            finish()
        }
        if closeCode != nil, offset < count { context.ledger.violate("bytes after a close frame in \(shop)") }
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
            context.ledger.count("pings")
            if !socket.isEnded { socket.send(masked(.pong, payload.bytes(from: bytes.span))) }
        case .pong: context.ledger.count("pongs")
        case .close(let code, _):
            closeCode = code ?? .noStatusReceived
            phase = .ending
            context.ledger.count("closed with \(closeCode?.rawValue ?? 0)")
            if !socket.isEnded {
                socket.send(masked(.close, code.map { [UInt8($0.rawValue >> 8), UInt8($0.rawValue & 0xff)] } ?? []))
            }
        }
    }

    private static let drainingEvent = #"{"type":"server.draining","data":{"reconnect_in_seconds":1}}"#

    private func messageReceived() {
        if speaksEvents, String(decoding: text, as: UTF8.self) == Self.drainingEvent {
            return context.ledger.expect(context.phase == .draining, "server.draining and no drain")
        }
        let message: WireMessage? =
            speaksEvents ? WireEnvelope<WireMessage>.parse(text)?.data : WireMessage.parse(text)
        guard let message else { return context.ledger.violate("a frame in \(shop) is no message") }
        if context.flaw == .clientDropsMessage, context.chance.oneIn(10) { return }
        observed.receive(message)
        if context.flaw == .clientDoublesMessage, context.chance.oneIn(10) { observed.receive(message) }
    }

    // MARK: - The end

    private func finish() {
        isOver = true
        observed.end()
    }

    private func ended() {
        if !socket.isReset { checkEnd() }
        socket.close()
        finish()
    }

    /// Whether the server had a reason to end the stream, and sent it.
    private func checkEnd() {
        let ledger = context.ledger
        switch closeCode {
        case nil:
            // A client that does not read sees neither the ping nor the close frame.
            let isExcused = observed.mayEndSilently || reading != .diligent || phase == .asking || socket.isStale
            ledger.expect(isExcused, "the stream of a diligent client in \(shop) ended without a close frame")
            if phase == .open { ledger.count("streams cut") }
        case .goingAway?, .serviceRestart?:
            ledger.expect(context.phase == .draining, "\(closeCode?.rawValue ?? 0) and no drain")
            // The hub removes a slow consumer from its shop even while its stream is closing. `server.draining` waits
            // for it too.
            let eventCount = speaksEvents && context.scenario.drainWindow > .zero ? 1 : 0
            if !observed.isBehind(by: context.scenario.waitingMessageCountMax - eventCount) {
                observed.requireAll(before: context.answeredAtDrain[shop] ?? 0)
            }
        case .tooSlow?: ledger.count("slow consumers")
        case .internalError?:
            // No pong came in time.
            ledger.expect(
                observed.mayEndSilently || reading != .diligent, "a diligent client's pongs in \(shop) were missed")
            ledger.count("pongs missed")
        case .tokenExpired? where context.network.now + .seconds(1) >= expiresAt: break
        case let code?:
            ledger.expect(observed.mayEndSilently, "a stream in \(shop) was closed with \(code)")
        }
    }

    var isAtRest: Bool { !isStreaming || observed.mayEndSilently || observed.reaches(context.ledger.storedCount(shop)) }

    func checkSettled() {
        context.ledger.expect(
            !isStreaming || context.network.now < expiresAt + .seconds(1), "a stream outlives its token")
        if !isAtRest { observed.requireAll(before: context.ledger.storedCount(shop)) }
    }

    func checkStopped() {
        context.ledger.expect(isOver || socket.isOver, "the server stopped and a stream of \(shop) is open")
    }

    /// Whether the reactor has not accepted the connection yet, for want of room.
    var isKeptWaiting: Bool { socket.isKeptWaiting }

    /// Whether the stream is open as far as the client can tell.
    var isStreaming: Bool { !isOver && phase == .open && !socket.isOver }
}
