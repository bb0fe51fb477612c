import Primitives
import Testing

@testable import HTTP

/// Random bytes and mutated requests: the parsers keep their contract on any input.
@Suite struct FuzzTests {
    private static let interesting = Array("\r\n\t :;,%/?*0159afAFHTTP-\u{0}\u{7f}".utf8) + [0x80, 0xff]
    private static let fragments = [
        "\r\n", "\r\n\r\n", "\n", "\r", " ", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n",
        "Host: a\r\n", "HTTP/1.1", "3\r\nabc\r\n", "Expect: 100-continue\r\n", "Connection: close\r\n", "%2F", "%",
    ].map { Array($0.utf8) }

    private func mutate(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let index = Int.random(in: 0...bytes.count, using: &generator)
            let end = Int.random(in: index...min(bytes.count, index + 12), using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.insert(Self.interesting.randomElement(using: &generator) ?? 0, at: index)
            case 2: bytes.removeSubrange(index..<end)
            case 3: bytes.insert(contentsOf: Self.fragments.randomElement(using: &generator) ?? [], at: index)
            default: bytes.insert(contentsOf: bytes[index..<end], at: index)
            }
        }
        return bytes
    }

    private func randomCuts(of bytes: [UInt8], using generator: inout SeededGenerator) -> [Int] {
        (0..<Int.random(in: 0...8, using: &generator))
            .map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
    }

    /// The grammar of events: head, content only when the head has a body, end; the last request may be open.
    private func check(_ outcome: Outcome) {
        var open: RequestHead?
        for event in outcome.events {
            switch event {
            case .head(let head):
                #expect(open == nil)
                open = head
            case .body(let content):
                #expect(!content.isEmpty)
                #expect(open != nil && open?.body != RequestBodyKind.none)
            case .end:
                #expect(open != nil)
                open = nil
            case .informational, .responseHead: Issue.record("requests only")
            }
        }
    }

    @Test(arguments: [UInt64.random(in: 0 ... .max), 1, 2, 3])
    func `a mutated request keeps the contract and is parsed alike however it is cut`(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let limits = HTTPLimits(
            startLineBytesMax: 64, fieldBytesMax: 256, fieldCountMax: 8, bodyBytesMax: 32,
            chunkExtensionBytesMax: 16, trailerBytesMax: 32
        )
        for round in 0..<4000 {
            guard let vector = RequestVector.all.randomElement(using: &generator) else { return }
            let bytes = mutate(vector.bytes, using: &generator)
            let limits = round % 2 == 0 ? HTTPLimits() : limits
            var parser = RequestParser(limits: limits)
            let outcome = feed(bytes, cuts: randomCuts(of: bytes, using: &generator), to: &parser)
            check(outcome)
            let whole = parse(bytes, limits: limits)
            #expect(outcome.events == whole.events, "round \(round)")
            #expect(outcome.error == whole.error, "round \(round)")
            if let error = outcome.error {
                let more = feed(vector.bytes, to: &parser)
                #expect(more == Outcome(error: error))
            }
        }
    }

    @Test(arguments: [UInt64.random(in: 0 ... .max), 1])
    func `random bytes never trap and are never consumed twice`(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator)
                    : Self.interesting.randomElement(using: &generator) ?? 0
            }
            var parser = RequestParser()
            var consumed = 0
            while true {
                let before = consumed
                let step = try? parser.next(bytes.span, consumed: &consumed)
                #expect(consumed >= before && consumed <= bytes.count)
                if step == nil || step == .needMore { break }
            }
        }
    }

    @Test(arguments: [UInt64.random(in: 0 ... .max), 1])
    func `a mutated response is parsed alike however it is cut`(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<3000 {
            guard let text = ResponseParserTests.vectors.randomElement(using: &generator) else { return }
            // Bytes above 127 would not survive the way through a string.
            let bytes = mutate(Array(text.utf8), using: &generator).map { $0 & 0x7f }
            let mutated = String(decoding: bytes, as: UTF8.self)
            let cut = parseResponse(mutated, cuts: randomCuts(of: bytes, using: &generator))
            let whole = parseResponse(mutated)
            #expect(cut.events == whole.events, "round \(round)")
            #expect(cut.error == whole.error, "round \(round)")
        }
    }
}
