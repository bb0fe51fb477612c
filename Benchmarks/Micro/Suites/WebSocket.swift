import HTTP
import Sessions
import WebSocket

/// The handshake; frames, masks and texts of the size of a message (500 bytes), and of one that fills a receive buffer.
let webSocketBenchmarks = [
    Benchmark(
        name: "frame-encode-500", operation: "a server's text frame of 500 bytes", batchOperationCount: 4_000
    ) {
        let payload = [UInt8](repeating: 0x78, count: 500)
        var output: [UInt8] = []
        return Benchmark.Batch { encodeFrames(payload, count: 4_000, into: &output) }
    },
    Benchmark(
        name: "frame-decode-500", operation: "a client's masked text frame of 500 bytes", batchOperationCount: 512
    ) {
        var frames: [UInt8] = []
        let payload = [UInt8](repeating: 0x78, count: 500)
        for _ in 0..<512 {
            FrameEncoder.append(opcode: .text, payload: payload.span, mask: MaskKey(1, 2, 3, 4), to: &frames)
        }
        let wire = frames
        // Payloads are unmasked in place: each batch begins with the bytes as they arrived.
        return Benchmark.Batch(prepare: { frames.replaceSubrange(0..<wire.count, with: wire) }) {
            decodeFrames(&frames, messageCount: 512)
        }
    },
    Benchmark(name: "accept-key", operation: "the answer to a handshake's key", batchOperationCount: 4_000) {
        let key = Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)
        return Benchmark.Batch {
            for _ in 0..<4_000 { keep(AcceptKey(for: key.span)) }
        }
    },
    Benchmark(
        name: "upgrade-accept", operation: "the head of an upgrade, from its bytes to the 101", batchOperationCount: 400
    ) {
        let request = Array(upgradeText.utf8)
        let handshake = ServerHandshake(subprotocols: ["shopstream.v2"])
        var parser = RequestParser()
        return Benchmark.Batch { accept(request, with: handshake, count: 400, &parser) }
    },
    unmasking(byteCount: 500, batchOperationCount: 10_000),
    unmasking(byteCount: 65_536, batchOperationCount: 100),
    validation("ascii", String(repeating: "x", count: 500)),
    // Every other scalar takes more than one byte, as in most languages' chats.
    validation("mixed", String(repeating: "aé…🙂", count: 50)),
]

private let upgradeText = [
    "GET /api/v1/shops/shop-1/messages/stream HTTP/1.1", "Host: chat.example.com", "User-Agent: Dart/3.5 (dart:io)",
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Authorization: Bearer \(String(repeating: "t", count: 200))", "",
    "",
].joined(separator: "\r\n")

private func accept(_ request: [UInt8], with handshake: ServerHandshake, count: Int, _ parser: inout RequestParser) {
    for _ in 0..<count {
        var consumed = 0
        var response: [UInt8] = []
        do {
            loop: while true {
                switch try parser.next(request.span, consumed: &consumed) {
                case .head(let head): try handshake.accept(HandshakeRequest(head)).appendResponse(to: &response)
                case .body: continue
                case .needMore, .end: break loop
                }
            }
        } catch {
            preconditionFailure("the request is valid: \(error)")
        }
        keep(response)
    }
}

private func unmasking(byteCount: Int, batchOperationCount: Int) -> Benchmark {
    Benchmark(
        name: "unmask-\(byteCount)", operation: "a mask over \(byteCount) bytes in place",
        batchOperationCount: batchOperationCount
    ) {
        var bytes = [UInt8](repeating: 0x78, count: byteCount)
        return Benchmark.Batch {
            var key = MaskKey(1, 2, 3, 4)
            var span = bytes.mutableSpan
            for _ in 0..<batchOperationCount { key.apply(to: &span, in: 0..<byteCount) }
        }
    }
}

private func validation(_ name: String, _ text: String) -> Benchmark {
    Benchmark(
        name: "utf8-\(name)-500", operation: "whether 500 bytes, \(name), are UTF-8", batchOperationCount: 4_000
    ) {
        let bytes = Array(text.utf8)
        return Benchmark.Batch {
            for _ in 0..<4_000 { precondition(UTF8Validator.isValid(bytes.span), "the text is valid") }
        }
    }
}

private func encodeFrames(_ payload: [UInt8], count: Int, into output: inout [UInt8]) {
    for _ in 0..<count {
        output.removeAll(keepingCapacity: true)
        FrameEncoder.append(opcode: .text, payload: payload.span, to: &output)
    }
}

private func decodeFrames(_ frames: inout [UInt8], messageCount: Int) {
    var decoder = FrameDecoder(endpoint: .server, messageByteCountMax: 512 << 10)
    var buffer = frames.mutableSpan
    var offset = 0
    var endedCount = 0
    do {
        while let event = try decoder.nextEvent(in: &buffer, at: &offset) {
            if case .messageEnded = event { endedCount += 1 }
        }
    } catch {
        preconditionFailure("the frames are valid: \(error)")
    }
    precondition(endedCount == messageCount, "every message has ended")
}
