import Testing

@testable import WebSocket

@Suite struct FrameDecoderViolationTests {
    struct Violation: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let endpoint: Endpoint
        let bytes: [UInt8]
        let error: WebSocketError
        let closeCode: UInt16
        /// What is seen before the error.
        let seen: [Seen]

        init(
            _ name: String, _ endpoint: Endpoint, _ bytes: [UInt8], _ error: WebSocketError, _ closeCode: UInt16,
            after seen: [Seen] = []
        ) {
            testDescription = "\(name), \(endpoint)"
            self.endpoint = endpoint
            self.bytes = bytes
            self.error = error
            self.closeCode = closeCode
            self.seen = seen
        }
    }

    static let endpoints: [Endpoint] = [.server, .client]
    static let messageByteCountMax = 300

    static let headers: [Violation] = endpoints.flatMap { endpoint in
        let mask = endpoint == .server ? RawFrame.testMask : nil
        func frame(_ firstByte: UInt8, _ payload: [UInt8] = []) -> [UInt8] { RawFrame.to(endpoint, firstByte, payload) }
        func length(_ claimed: UInt64, in byteCount: Int) -> [UInt8] {
            RawFrame(firstByte: 0x82, mask: mask, lengthByteCount: byteCount, claimedByteCount: claimed).bytes
        }
        let reservedBits: [Violation] = [0xC1, 0xA1, 0x91, 0xF1, 0xC9, 0xA8, 0x9A, 0xC0].map {
            Violation("first byte \($0)", endpoint, frame($0), .reservedBitSet, 1002)
        }
        let opcodes: [Violation] = [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF].map {
            Violation("opcode \($0)", endpoint, frame(0x80 | $0), .unknownOpcode, 1002)
        }
        let control: [Violation] = [0x8, 0x9, 0xA].flatMap { (opcode: UInt8) in
            [
                Violation("fragmented \(opcode)", endpoint, frame(opcode), .controlFrameFragmented, 1002),
                Violation(
                    "126 bytes of \(opcode)", endpoint, frame(0x80 | opcode, [UInt8](repeating: 0, count: 126)),
                    .controlFrameTooLong, 1002
                ),
                Violation(
                    "a 64-bit length of \(opcode)", endpoint,
                    RawFrame(firstByte: 0x80 | opcode, mask: mask, lengthByteCount: 9, claimedByteCount: 5).bytes,
                    .controlFrameTooLong, 1002
                ),
            ]
        }
        let lengths: [Violation] =
            [0, 1, 125].map { Violation("\($0) in 16 bits", endpoint, length($0, in: 3), .lengthNotMinimal, 1002) }
            + [0, 125, 126, 0xFFFF].map {
                Violation("\($0) in 64 bits", endpoint, length($0, in: 9), .lengthNotMinimal, 1002)
            }
            + [1 << 63, .max].map {
                Violation("\($0) bytes", endpoint, length($0, in: 9), .lengthOutOfRange, 1002)
            }
            + [301, 0x1_0000, UInt64.max >> 1].map {
                Violation("\($0) bytes", endpoint, length($0, in: $0 < 0x1_0000 ? 3 : 9), .messageTooBig, 1009)
            }
        return reservedBits + opcodes + control + lengths
    }

    static let masks: [Violation] = [
        Violation("a masked frame", .client, RawFrame.to(.server, 0x81, "a"), .maskedFrame, 1002),
        Violation("an unmasked frame", .server, RawFrame.to(.client, 0x81, "a"), .unmaskedFrame, 1002),
        Violation("a masked ping", .client, RawFrame.to(.server, 0x89), .maskedFrame, 1002),
        Violation("an unmasked ping", .server, RawFrame.to(.client, 0x89), .unmaskedFrame, 1002),
    ]

    static let sequences: [Violation] = endpoints.flatMap { endpoint in
        func frame(_ firstByte: UInt8, _ payload: [UInt8] = []) -> [UInt8] { RawFrame.to(endpoint, firstByte, payload) }
        let a: [UInt8] = [0x61]
        return [
            Violation("a first continuation", endpoint, frame(0x80, a), .continuationWithoutStart, 1002),
            Violation("a first fragment that continues", endpoint, frame(0x00, a), .continuationWithoutStart, 1002),
            Violation(
                "a continuation after the end", endpoint, frame(0x81, a) + frame(0x80, a), .continuationWithoutStart,
                1002, after: Seen.text("a")
            ),
            Violation(
                "a text within a text", endpoint, frame(0x01, a) + frame(0x81, a), .messageInterrupted, 1002,
                after: [.began(.text), .payload(a)]
            ),
            Violation(
                "a binary message within a text", endpoint, frame(0x01, a) + frame(0x89) + frame(0x02, a),
                .messageInterrupted, 1002, after: [.began(.text), .payload(a), .ping([])]
            ),
            Violation(
                "fragments over the limit together", endpoint,
                frame(0x02, [UInt8](repeating: 1, count: 200)) + frame(0x80, [UInt8](repeating: 1, count: 101)),
                .messageTooBig, 1009, after: [.began(.binary), .payload([UInt8](repeating: 1, count: 200))]
            ),
        ]
    }

    static let closes: [Violation] = endpoints.flatMap { endpoint in
        func close(_ payload: [UInt8]) -> [UInt8] { RawFrame.to(endpoint, 0x88, payload) }
        let codes: [Violation] = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map {
            Violation("code \($0)", endpoint, close(RawFrame.closePayload($0)), .closeCodeInvalid, 1002)
        }
        return codes + [
            Violation("half a code", endpoint, close([0x03]), .closePayloadTruncated, 1002),
            Violation(
                "a reason that is not UTF-8", endpoint, close(RawFrame.closePayload(1000, [0x61, 0xFF])),
                .closeReasonNotUTF8, 1007
            ),
            Violation(
                "a reason cut within a scalar", endpoint, close(RawFrame.closePayload(1000, [0xE2, 0x82])),
                .closeReasonNotUTF8, 1007
            ),
        ]
    }

    static let texts: [Violation] = endpoints.flatMap { endpoint in
        func frame(_ firstByte: UInt8, _ payload: [UInt8] = []) -> [UInt8] { RawFrame.to(endpoint, firstByte, payload) }
        return [
            Violation("a bad byte", endpoint, frame(0x81, [0x61, 0xFF]), .textNotUTF8, 1007, after: [.began(.text)]),
            Violation("a cut scalar", endpoint, frame(0x81, [0xE2, 0x82]), .textNotUTF8, 1007, after: [.began(.text)]),
            Violation(
                "a scalar cut by the end after fragments", endpoint, frame(0x01, [0xE2]) + frame(0x00) + frame(0x80),
                .textNotUTF8, 1007, after: [.began(.text)]
            ),
            Violation(
                "a bad continuation in the next fragment", endpoint,
                frame(0x01, [0xE2]) + frame(0x89) + frame(0x80, [0x61]),
                .textNotUTF8, 1007, after: [.began(.text), .payload([0xE2]), .ping([])]
            ),
        ]
    }

    @Test(arguments: headers + masks + sequences + closes + texts)
    func `a violation fails with its code at every split`(_ violation: Violation) {
        #expect(violation.error.closeCode.rawValue == violation.closeCode)
        for split in Splits.all(of: violation.bytes) {
            let seen = Recorder.decode(
                split, violation.endpoint, messageByteCountMax: Self.messageByteCountMax
            )
            #expect(seen == violation.seen + [.error(violation.error)], "in pieces of \(split.map(\.count))")
        }
    }

    @Test func `the violations cover every error`() {
        let all = Self.headers + Self.masks + Self.sequences + Self.closes + Self.texts
        #expect(Set(all.map(\.error)) == Set(WebSocketError.allCases))
    }

    @Test(arguments: endpoints)
    func `a message over the limit is refused by its header`(endpoint: Endpoint) {
        var recorder = Recorder(endpoint, messageByteCountMax: 125)
        let header = RawFrame.to(endpoint, 0x82, [UInt8](repeating: 0, count: 126)).dropLast(126)
        recorder.feed(header)
        #expect(recorder.seen == [.error(.messageTooBig)])
    }

    @Test(arguments: endpoints)
    func `a message at the limit is accepted, and the count of the next one starts at zero`(endpoint: Endpoint) {
        let half = [UInt8](repeating: 5, count: 150)
        let message = RawFrame.to(endpoint, 0x02, half) + RawFrame.to(endpoint, 0x80, half)
        let seen = Recorder.decode([message + message], endpoint, messageByteCountMax: 300)
        #expect(seen == Seen.binary(half + half) + Seen.binary(half + half))
    }

    @Test(arguments: endpoints)
    func `text that is not UTF-8 fails before its frame is complete`(endpoint: Endpoint) {
        let frame = RawFrame.to(endpoint, 0x81, Array("κόσμε".utf8) + [0xF4, 0x90, 0x80, 0x80] + Array("tail".utf8))
        let headerByteCount = endpoint == .server ? 6 : 2
        let badByteIndex = headerByteCount + "κόσμε".utf8.count + 1
        var recorder = Recorder(endpoint)
        for index in 0..<badByteIndex {
            let isAccepted = recorder.feed([frame[index]])
            #expect(isAccepted)
        }
        let isAccepted = recorder.feed([frame[badByteIndex]])
        #expect(!isAccepted)
        #expect(recorder.seen.last == .error(.textNotUTF8))
    }

    @Test(arguments: [1000...1003, 1007...1014, 3000...3000, 4999...4999, 4401...4408])
    func `codes that may be sent are accepted`(codes: ClosedRange<UInt16>) {
        for code in codes {
            #expect(
                Recorder.decode([RawFrame.to(.client, 0x88, RawFrame.closePayload(code))], .client)
                    == [.close(code, [])])
        }
    }
}
