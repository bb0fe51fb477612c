import Primitives
import Testing

@testable import WebSocket

@Suite struct FrameDecoderTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let endpoint: Endpoint
        let bytes: [UInt8]
        let seen: [Seen]

        init(_ name: String, _ endpoint: Endpoint, _ bytes: [UInt8], _ seen: [Seen]) {
            testDescription = "\(name) to the \(endpoint)"
            self.endpoint = endpoint
            self.bytes = bytes
            self.seen = seen
        }
    }

    /// RFC 6455, section 5.7.
    static let examples: [Vector] = [
        Vector("an unmasked text", .client, [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], Seen.text("Hello")),
        Vector(
            "a masked text", .server,
            [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], Seen.text("Hello")
        ),
        Vector(
            "a fragmented text", .client,
            [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], Seen.text("Hello")
        ),
        Vector("a ping", .client, [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], [.ping(Array("Hello".utf8))]),
        Vector(
            "a masked pong", .server,
            [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], [.pong(Array("Hello".utf8))]
        ),
        Vector(
            "256 bytes", .client, [0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256),
            Seen.binary([UInt8](repeating: 7, count: 256))
        ),
    ]

    /// Both endpoints; each frame as the peer sends it.
    static let vectors: [Vector] = [Endpoint.server, .client].flatMap { endpoint in
        func frame(_ firstByte: UInt8, _ payload: [UInt8] = []) -> [UInt8] { RawFrame.to(endpoint, firstByte, payload) }
        func frame(_ firstByte: UInt8, _ text: String) -> [UInt8] { RawFrame.to(endpoint, firstByte, text) }
        let counting = { (count: Int) in (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
        return [
            Vector("an empty text", endpoint, frame(0x81), Seen.text("")),
            Vector("an empty binary message", endpoint, frame(0x82), Seen.binary([])),
            Vector(
                "two messages", endpoint, frame(0x81, "a") + frame(0x82, [0xFF]), Seen.text("a") + Seen.binary([0xFF])),
            Vector("125 bytes", endpoint, frame(0x82, counting(125)), Seen.binary(counting(125))),
            Vector("126 bytes", endpoint, frame(0x82, counting(126)), Seen.binary(counting(126))),
            Vector("127 bytes", endpoint, frame(0x82, counting(127)), Seen.binary(counting(127))),
            Vector("empty fragments", endpoint, frame(0x01) + frame(0x00) + frame(0x80), Seen.text("")),
            Vector(
                "a text cut within a scalar", endpoint,
                frame(0x01, [0xF0, 0x9F]) + frame(0x00, [0x98]) + frame(0x80, [0x80]), Seen.text("😀")
            ),
            Vector(
                "control frames between fragments", endpoint,
                frame(0x01, "ab") + frame(0x89, "ping") + frame(0x00, "cd") + frame(0x8A) + frame(0x80, "ef"),
                [
                    .began(.text), .payload(Array("ab".utf8)), .ping(Array("ping".utf8)),
                    .payload(Array("cd".utf8)), .pong([]), .payload(Array("ef".utf8)), .ended,
                ]
            ),
            Vector(
                "a ping within a scalar", endpoint,
                frame(0x01, [0xE2, 0x82]) + frame(0x89) + frame(0x80, [0xAC]),
                [.began(.text), .payload([0xE2, 0x82]), .ping([]), .payload([0xAC]), .ended]
            ),
            Vector("a full ping", endpoint, frame(0x89, counting(125)), [.ping(counting(125))]),
            Vector("ten pings", endpoint, (0..<10).flatMap { frame(0x89, [$0]) }, (0..<10).map { .ping([$0]) }),
            Vector("an empty close", endpoint, frame(0x88), [.close(nil, [])]),
            Vector("a bare code", endpoint, frame(0x88, RawFrame.closePayload(1000)), [.close(1000, [])]),
            Vector(
                "a code and a reason", endpoint, frame(0x88, RawFrame.closePayload(4401, Array("späť".utf8))),
                [.close(4401, Array("späť".utf8))]
            ),
            Vector(
                "the longest reason", endpoint,
                frame(0x88, RawFrame.closePayload(1001, [UInt8](repeating: 0x61, count: 123))),
                [.close(1001, [UInt8](repeating: 0x61, count: 123))]
            ),
            Vector(
                "a close between fragments", endpoint, frame(0x01, "a") + frame(0x88),
                [.began(.text), .payload([0x61]), .close(nil, [])]
            ),
            Vector(
                "what follows a close, broken or not", endpoint, frame(0x88) + frame(0x81, "a") + [0xFF, 0xFF, 0xFF],
                [.close(nil, [])]
            ),
        ]
    }

    @Test(arguments: examples + vectors)
    func `a vector decodes alike at every split`(_ vector: Vector) {
        for split in Splits.all(of: vector.bytes) {
            let seen = Recorder.decode(split, vector.endpoint)
            #expect(seen == vector.seen, "in pieces of \(split.map(\.count))")
        }
    }

    @Test(arguments: [Endpoint.server, .client], [0xFFFF, 0x1_0000, 0x1_0001])
    func `long lengths are read`(endpoint: Endpoint, byteCount: Int) {
        var generator = SeededGenerator(seed: UInt64(byteCount))
        let payload = generator.bytes(byteCount)
        let frame = RawFrame.to(endpoint, 0x82, payload)
        for split in [[frame[...]], [frame[..<5], frame[5...]], [frame[..<13], frame[13..<20000], frame[20000...]]] {
            #expect(Recorder.decode(split, endpoint) == Seen.binary(payload))
        }
    }

    @Test func `the length of 64 KB in the RFC's example is read`() {
        let header: [UInt8] = [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]
        let payload = [UInt8](repeating: 9, count: 65536)
        #expect(Recorder.decode([header + payload], .client) == Seen.binary(payload))
    }

    @Test func `a message ends before the bytes of the next frame are read`() throws {
        var decoder = FrameDecoder(endpoint: .client, messageByteCountMax: 10)
        var buffer: [UInt8] = [0x81, 0x01, 0x61, 0xFF, 0xFF]
        var span = buffer.mutableSpan
        var offset = 0
        let began = try decoder.nextEvent(in: &span, at: &offset)
        #expect(began == .messageBegan(.text))
        let payload = try decoder.nextEvent(in: &span, at: &offset)
        #expect(payload == .payload(2..<3))
        let ended = try decoder.nextEvent(in: &span, at: &offset)
        #expect(ended == .messageEnded)
        #expect(offset == 3)
        #expect(decoder.isAtMessageBoundary)
    }

    @Test func `an error is thrown again by every later call`() {
        var recorder = Recorder(.client)
        recorder.feed([0x83, 0x00])
        recorder.feed([0x81, 0x00])
        recorder.feed([])
        #expect(recorder.seen == [.error(.unknownOpcode), .error(.unknownOpcode), .error(.unknownOpcode)])
    }

    @Test func `a boundary is neither within a frame nor between fragments`() {
        var recorder = Recorder(.client)
        #expect(recorder.decoder.isAtMessageBoundary)
        for byte: UInt8 in [0x01, 0x01, 0x61, 0x80, 0x00] {
            recorder.feed([byte])
            let isLast = recorder.seen.last == .ended
            #expect(recorder.decoder.isAtMessageBoundary == isLast)
        }
        #expect(recorder.seen == Seen.text("a"))
    }

    @Test func `an idle decoder is small and plain bytes but for one empty array`() {
        #expect(MemoryLayout<FrameDecoder>.stride <= 40)
        #expect(MemoryLayout<FrameDecoder.Phase>.size <= 16)
        #expect(MemoryLayout<UTF8Validator>.size == 3)
        #expect(MemoryLayout<Heartbeat>.stride <= 16)
    }

    @Test(arguments: [Endpoint.server, .client])
    func `only a split control frame is buffered, and its buffer is released once it is complete`(endpoint: Endpoint) {
        var recorder = Recorder(endpoint)
        for byte in RawFrame.to(endpoint, 0x81, "hello") {
            recorder.feed([byte])
            #expect(recorder.decoder.gatheredPayload.capacity == 0)
        }
        recorder.feed(RawFrame.to(endpoint, 0x89, "hello"))
        #expect(recorder.decoder.gatheredPayload.capacity == 0)
        let ping = RawFrame.to(endpoint, 0x89, "hello")
        recorder.feed(ping.dropLast())
        #expect(recorder.decoder.gatheredPayload == Array("hell".utf8))
        recorder.feed(ping.suffix(1))
        #expect(recorder.decoder.gatheredPayload.capacity == 0)
        #expect(recorder.seen.suffix(1) == [.ping(Array("hello".utf8))])
    }
}
