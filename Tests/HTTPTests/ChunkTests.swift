import Primitives
import Testing

@testable import HTTP

@Suite struct ChunkTests {
    /// `content` in chunks of random sizes, some with extensions and leading zeros.
    private func chunked(_ content: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        var start = 0
        while start < content.count {
            let end = Int.random(in: start + 1...min(content.count, start + 300), using: &generator)
            var size = String(end - start, radix: 16, uppercase: Bool.random(using: &generator))
            if Int.random(in: 0..<4, using: &generator) == 0 { size = "000" + size }
            if Int.random(in: 0..<8, using: &generator) == 0 { size += " ;a=\"b\"" }
            bytes += Array(size.utf8) + [13, 10] + content[start..<end] + [13, 10]
            start = end
        }
        bytes += Array("0\r\n".utf8)
        if Bool.random(using: &generator) { bytes += Array("X-Sum: 1\r\n".utf8) }
        return bytes + [13, 10]
    }

    @Test(arguments: [UInt64.random(in: 0 ... .max), 1, 2, 3])
    func `content comes out of its chunks however they are cut`(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        for _ in 0..<50 {
            let count = Int.random(in: 0...4000, using: &generator)
            let content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let bytes = head + chunked(content, using: &generator)
            let cuts = (0..<Int.random(in: 0...20, using: &generator))
                .map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            let outcome = parse(bytes, cuts: cuts)
            #expect(outcome.error == nil)
            #expect(outcome.body == content)
            #expect(outcome.endCount == 1)
        }
    }

    @Test func `a chunk size of 16 digits may have leading zeros`() {
        let text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0000000000000002\r\nab\r\n0\r\n\r\n"
        #expect(parse(text).body == Array("ab".utf8))
    }
}
