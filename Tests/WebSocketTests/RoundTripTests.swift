import Primitives
import Testing

@testable import WebSocket

@Suite struct RoundTripTests {
    /// A conversation by the encoder, with the events that the decoder should report.
    struct Conversation {
        var bytes: [UInt8] = []
        var seen: [Seen] = []
        let endpoint: Endpoint
        /// A message is shorter than one of these.
        let payloadByteCountBounds: [Int]

        /// Messages in random fragments with control frames between them, as the peer of `endpoint` sends them.
        init(
            endpoint: Endpoint, messageCount: Int, payloadByteCountBounds: [Int], using generator: inout SeededGenerator
        ) {
            self.endpoint = endpoint
            self.payloadByteCountBounds = payloadByteCountBounds
            for _ in 0..<messageCount {
                appendControl(using: &generator)
                appendMessage(using: &generator)
            }
        }

        private mutating func appendMessage(using generator: inout SeededGenerator) {
            let isText = generator.below(2) == 0
            let byteCount = generator.below(payloadByteCountBounds[generator.below(payloadByteCountBounds.count)])
            var payload = generator.bytes(byteCount)
            if isText {
                payload = Array(String(decoding: payload, as: UTF8.self).utf8)
            }
            var rest = payload[...]
            var opcode: Opcode = isText ? .text : .binary
            note(.began(isText ? .text : .binary))
            while true {
                let isFinal = generator.below(3) == 0
                let fragment = isFinal ? rest : rest.prefix(generator.below(rest.count + 1))
                rest = rest.dropFirst(fragment.count)
                append(opcode, Array(fragment), isFinal: isFinal, using: &generator)
                if !fragment.isEmpty { note(.payload(Array(fragment))) }
                if isFinal { break }
                opcode = .continuation
                appendControl(using: &generator)
            }
            note(.ended)
        }

        private mutating func appendControl(using generator: inout SeededGenerator) {
            while generator.below(3) == 0 {
                let payload = generator.bytes(generator.below(126))
                let isPing = generator.below(2) == 0
                append(isPing ? .ping : .pong, payload, isFinal: true, using: &generator)
                note(isPing ? .ping(payload) : .pong(payload))
            }
        }

        private mutating func append(
            _ opcode: Opcode, _ payload: [UInt8], isFinal: Bool, using generator: inout SeededGenerator
        ) {
            let mask = endpoint == .server ? MaskKey.random(using: &generator) : nil
            FrameEncoder.append(opcode: opcode, payload: payload.span, isFinal: isFinal, mask: mask, to: &bytes)
        }

        private mutating func note(_ event: Seen) {
            if case .payload(let later) = event, case .payload(let earlier) = seen.last {
                seen[seen.count - 1] = .payload(earlier + later)
            } else {
                seen.append(event)
            }
        }
    }

    @Test(arguments: Seeds.all, [Endpoint.server, .client])
    func `encoded frames are decoded, however their bytes are cut`(seed: Seed, endpoint: Endpoint) {
        var generator = SeededGenerator(seed: seed.value)
        for _ in 0..<5 {
            let conversation = Conversation(
                endpoint: endpoint, messageCount: 5, payloadByteCountBounds: [1, 10, 300, 300, 70_000],
                using: &generator
            )
            for _ in 0..<2 {
                let pieces = Splits.random(of: conversation.bytes, using: &generator)
                let seen = Recorder.decode(pieces, endpoint)
                #expect(seen == conversation.seen)
            }
        }
    }

    /// On any input the decoder neither traps nor hangs, and reports the same however the bytes were cut.
    @Test(arguments: Seeds.all, [Endpoint.server, .client])
    func `mutated frames never trap and decode alike at every cut`(seed: Seed, endpoint: Endpoint) {
        var generator = SeededGenerator(seed: seed.value)
        for _ in 0..<200 {
            var bytes = generator.bytes(generator.below(40))
            if generator.below(8) > 0 {
                let conversation = Conversation(
                    endpoint: endpoint, messageCount: 2, payloadByteCountBounds: [1, 10, 300], using: &generator
                )
                bytes = conversation.bytes
            }
            for _ in 0..<generator.below(4) where !bytes.isEmpty {
                let index = generator.below(bytes.count)
                switch generator.below(4) {
                case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes[index] ^= 1 << UInt8(generator.below(8))
                case 2: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes.prefix(generator.below(30)), at: index)
                }
            }
            let whole = Recorder.decode([bytes], endpoint, messageByteCountMax: 500)
            let pieces = Splits.random(of: bytes, using: &generator)
            let cut = Recorder.decode(pieces, endpoint, messageByteCountMax: 500)
            #expect(whole == cut, "\(bytes) in pieces of \(pieces.map(\.count))")
        }
    }
}
