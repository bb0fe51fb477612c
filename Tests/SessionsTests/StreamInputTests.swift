import Primitives
import Testing
import WebSocket

@testable import Sessions

/// What a client sends on its stream.
@Suite struct StreamInputTests {
    private static let waits = StreamSessionTests.waits
    private static let now = StreamSessionTests.at(100)

    private static func session() -> StreamSession { StreamSessionTests.session(in: .open) }

    /// All that the bytes bring, and the turn after them.
    private static func inputs(
        of bytes: [UInt8], in session: inout StreamSession, at time: TurnTime = now
    ) -> (inputs: [StreamSession.Input], turn: InputTurn, pongs: [[UInt8]]) {
        var (bytes, turn) = (bytes, InputTurn())
        var inputs: [StreamSession.Input] = []
        var pongs: [[UInt8]] = []
        var span = bytes.mutableSpan
        while true {
            let input = session.nextInput(in: &span, &turn, waits, at: time)
            inputs.append(input)
            guard case .ping(let payload) = input else { return (inputs, turn, pongs) }
            pongs.append(payload.bytes(from: span.span))
        }
    }

    @Test func `messages of a client are checked and dropped`() {
        var session = Self.session()
        let bytes =
            ClientFrames.frame(.text, Array("a".utf8), isFinal: false) + ClientFrames.frame(.continuation, [0x62])
        let (inputs, turn, _) = Self.inputs(of: bytes, in: &session)
        #expect(inputs == [.done])
        #expect(turn.byteCount == bytes.count)
        #expect(session.isOpen)
    }

    @Test func `each ping is answered with its payload`() {
        var session = Self.session()
        let (inputs, _, pongs) = Self.inputs(
            of: ClientFrames.ping([1, 2]) + ClientFrames.pong() + ClientFrames.ping(), in: &session)
        #expect(inputs.count == 3)
        #expect(inputs.last == .done)
        #expect(pongs == [[1, 2], []])
    }

    @Test func `a ping that arrives byte by byte is answered once`() {
        var session = Self.session()
        var pongs: [[UInt8]] = []
        for byte in ClientFrames.ping([7, 8, 9]) { pongs += Self.inputs(of: [byte], in: &session).pongs }
        #expect(pongs == [[7, 8, 9]])
    }

    @Test func `pings are answered until the client's close frame, also after our own`() {
        var session = StreamSessionTests.session(in: .awaitingClose)
        let (inputs, _, pongs) = Self.inputs(
            of: ClientFrames.ping([1]) + ClientFrames.close(nil) + ClientFrames.ping([2]), in: &session)
        #expect(pongs == [[1]])
        #expect(inputs.last == .ended(.shutDownSending))
    }

    @Test(arguments: [nil, CloseCode.normal, .goingAway])
    func `the client's close code is sent back`(code: CloseCode?) {
        var session = Self.session()
        let (inputs, turn, _) = Self.inputs(of: ClientFrames.close(code), in: &session)
        #expect(inputs == [.ended(.sendClose(.clientClosed, code))])
        #expect(turn.error == nil)
    }

    @Test(arguments: [
        ([0x81, 0x01, 0x61], WebSocketError.unmaskedFrame),
        (ClientFrames.frame(.text, [0xFF]), .textNotUTF8),
        (ClientFrames.frame(.binary, Array(repeating: 0, count: 2_000)), .messageTooBig),
    ])
    func `a broken rule ends the stream with the code of the error`(bytes: [UInt8], error: WebSocketError) {
        var session = Self.session()
        let (inputs, turn, _) = Self.inputs(of: ClientFrames.ping() + bytes + ClientFrames.ping(), in: &session)
        #expect(inputs.count == 2)
        #expect(inputs.last == .ended(.sendClose(.protocolError, error.closeCode)))
        #expect(turn.error == error)
        #expect(!session.isListening)
        #expect(Self.inputs(of: ClientFrames.ping(), in: &session).inputs == [.done])
    }

    @Test func `the frames of a turn are bounded, and the rest continues in the next`() {
        var session = Self.session()
        let frame = ClientFrames.ping()
        let bytes = Array(repeatElement(frame, count: Limits.clientFramesPerTurn + 3).joined())
        let (inputs, turn, pongs) = Self.inputs(of: bytes, in: &session)
        #expect(inputs.last == .held)
        #expect(pongs.count == Limits.clientFramesPerTurn)
        let rest = Array(bytes[turn.offset...])
        #expect(rest.count == 3 * frame.count)
        #expect(Self.inputs(of: rest, in: &session).pongs.count == 3)
    }

    @Test func `a receive that ends with the last frame of the turn holds nothing`() {
        var session = Self.session()
        let bytes = Array(repeatElement(ClientFrames.ping(), count: Limits.clientFramesPerTurn).joined())
        #expect(Self.inputs(of: bytes, in: &session).inputs.last == .done)
    }

    @Test func `each receive and each frame costs the client, and a client over its rate is closed with 1008`() {
        var session = Self.session()
        let frame = ClientFrames.ping()
        let price = frame.count + Limits.clientSendByteCost
        var paidCount = 0
        var last: StreamSession.Input?
        while last == nil, paidCount < 1_000_000 {
            let (inputs, _, pongs) = Self.inputs(of: frame, in: &session)
            paidCount += pongs.count
            if pongs.isEmpty { last = inputs.last }
        }
        #expect(last == .ended(.sendClose(.rateExceeded, .policyViolation)))
        #expect(paidCount == Limits.clientByteCountBurst / price)
    }

    @Test func `a byte alone costs as much as a frame`() {
        var session = Self.session()
        var bytes = ClientFrames.frame(.binary, Array(repeating: 0, count: 1_000))[...]
        _ = Self.inputs(of: [bytes.removeFirst()], in: &session)
        let before = session.allowance
        _ = Self.inputs(of: [bytes.removeFirst()], in: &session)
        var expected = before
        _ = expected.take(1 + Limits.clientSendByteCost, at: Self.now.now)
        #expect(session.allowance == expected)
    }

    @Test func `a client over its rate after our close frame is shut down at once`() {
        var session = StreamSessionTests.session(in: .awaitingClose)
        session.allowance = ByteAllowance(at: Self.now.now)
        _ = session.allowance.take(Limits.clientByteCountBurst, at: Self.now.now)
        #expect(Self.inputs(of: ClientFrames.ping(), in: &session).inputs == [.ended(.shutDownSending)])
    }

    // MARK: - Held input

    @Test func `held input is due in the next turn, in the order in which it was held`() {
        let (first, second) = (ConnectionID(slot: 1, generation: 0), ConnectionID(slot: 2, generation: 0))
        var held = HeldInput()
        #expect(held.isEmpty)
        held.hold([1].span, of: first)
        held.hold([2, 3].span, of: second)
        #expect(held.popDue() == nil)
        held.turnEnded()
        #expect(held.popDue()?.connection == first)
        #expect(!held.contains(first))
        #expect(held.popDue()?.bytes == [2, 3])
        #expect(held.popDue() == nil)
        #expect(held.isEmpty)
    }

    @Test func `the input of a stream that has ended is dropped`() {
        let connection = ConnectionID(slot: 1, generation: 0)
        var held = HeldInput()
        held.hold([1].span, of: connection)
        held.turnEnded()
        held.remove(connection)
        #expect(held.popDue() == nil)
    }
}
