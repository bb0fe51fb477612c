import Testing

@testable import WebSocket

@Suite struct FrameEncoderTests {
    static let key = MaskKey(0x37, 0xFA, 0x21, 0x3D)

    static func frame(
        _ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true, mask: MaskKey? = nil
    ) -> [UInt8] {
        var output: [UInt8] = []
        FrameEncoder.append(opcode: opcode, payload: payload.span, isFinal: isFinal, mask: mask, to: &output)
        return output
    }

    @Test func `the examples of the RFC are written`() {
        let hello = Array("Hello".utf8)
        #expect(Self.frame(.text, hello) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(
            Self.frame(.text, hello, mask: Self.key)
                == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        )
        #expect(Self.frame(.text, Array("Hel".utf8), isFinal: false) == [0x01, 0x03, 0x48, 0x65, 0x6C])
        #expect(Self.frame(.continuation, Array("lo".utf8)) == [0x80, 0x02, 0x6C, 0x6F])
        #expect(Self.frame(.ping, hello).prefix(2) == [0x89, 0x05])
        #expect(Self.frame(.binary, [UInt8](repeating: 0, count: 256)).prefix(4) == [0x82, 0x7E, 0x01, 0x00])
        #expect(
            Self.frame(.binary, [UInt8](repeating: 0, count: 65536)).prefix(10)
                == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]
        )
    }

    @Test(arguments: [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000, 0x1_0001], [nil, key])
    func `a frame has the announced size and reads back`(byteCount: Int, mask: MaskKey?) {
        let payload = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        let frame = Self.frame(.binary, payload, mask: mask)
        #expect(frame.count == FrameEncoder.frameByteCount(payloadByteCount: byteCount, isMasked: mask != nil))
        #expect(Recorder.decode([frame], mask == nil ? .client : .server) == Seen.binary(payload))
    }

    @Test func `a header composed in place makes the same frame`() {
        var output: [UInt8] = [1, 2, 3]
        FrameEncoder.appendHeader(opcode: .text, payloadByteCount: 2, to: &output)
        output += "ok".utf8
        #expect(output == [1, 2, 3] + Self.frame(.text, Array("ok".utf8)))
    }

    @Test func `a buffer of the announced size is enough`() {
        let payload = [UInt8](repeating: 1, count: 500)
        var output: [UInt8] = []
        output.reserveCapacity(FrameEncoder.frameByteCount(payloadByteCount: 500, isMasked: true))
        let capacity = output.capacity
        FrameEncoder.append(opcode: .binary, payload: payload.span, mask: Self.key, to: &output)
        #expect(output.capacity == capacity)
    }

    @Test func `the constants equal the encoded frames`() {
        #expect(FrameEncoder.emptyPing == Self.frame(.ping, []))
        #expect(FrameEncoder.emptyPong == Self.frame(.pong, []))
        #expect(FrameEncoder.emptyClose == Self.frame(.close, []))
    }

    @Test(arguments: [Endpoint.server, .client])
    func `a close frame reads back`(endpoint: Endpoint) {
        let mask = endpoint == .server ? Self.key : nil
        func decoded(_ code: CloseCode?, _ reason: String) -> [Seen] {
            var output: [UInt8] = []
            FrameEncoder.appendClose(code: code, reason: reason, mask: mask, to: &output)
            return Recorder.decode([output], endpoint)
        }
        #expect(decoded(nil, "") == [.close(nil, [])])
        #expect(decoded(.goingAway, "") == [.close(1001, [])])
        #expect(decoded(.tryAgainLater, "too much") == [.close(1013, Array("too much".utf8))])
    }

    @Test(arguments: [
        (String(repeating: "a", count: 124), 123), (String(repeating: "€", count: 50), 123),
        ("a" + String(repeating: "€", count: 50), 121), (String(repeating: "😀", count: 50), 120),
    ])
    func `a reason that is too long is cut between two scalars`(reason: String, byteCount: Int) {
        var output: [UInt8] = []
        FrameEncoder.appendClose(code: .normal, reason: reason, to: &output)
        #expect(Recorder.decode([output], .client) == [.close(1000, Array(reason.utf8.prefix(byteCount)))])
    }

    @Test(arguments: [Endpoint.server, .client], [0, 5, 125])
    func `a pong carries the payload of the ping, split or not`(endpoint: Endpoint, byteCount: Int) throws {
        let payload = (0..<byteCount).map { UInt8($0) }
        let ping = RawFrame.to(endpoint, 0x89, payload)
        let mask = endpoint == .client ? Self.key : nil
        for cut in 0...ping.count {
            var decoder = FrameDecoder(endpoint: endpoint, messageByteCountMax: 0)
            var pong: [UInt8] = []
            for piece in [ping[..<cut], ping[cut...]] {
                var buffer = Array(piece)
                var span = buffer.mutableSpan
                var offset = 0
                guard case .ping(let received) = try decoder.nextEvent(in: &span, at: &offset) else { continue }
                FrameEncoder.appendPong(answering: received, from: span.span, mask: mask, to: &pong)
            }
            #expect(Recorder.decode([pong], endpoint == .server ? .client : .server) == [.pong(payload)])
        }
    }

    @Test func `a long control frame is our bug`() async {
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            FrameEncoder.appendHeader(opcode: .ping, payloadByteCount: 126, to: &output)
        }
    }

    @Test func `a fragmented control frame is our bug`() async {
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            FrameEncoder.appendHeader(opcode: .close, payloadByteCount: 0, isFinal: false, to: &output)
        }
    }

    @Test func `a code that must not be sent is our bug`() async {
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            FrameEncoder.appendClose(code: .noStatusReceived, to: &output)
        }
    }
}
