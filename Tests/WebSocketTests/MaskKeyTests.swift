import Testing

@testable import WebSocket

@Suite struct MaskKeyTests {
    static let keyBytes: [UInt8] = [0x12, 0x34, 0x56, 0xF8]
    static let key = MaskKey(0x12, 0x34, 0x56, 0xF8)

    @Test func `masking is the naive loop at all alignments, lengths and phases`() {
        let original = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        for start in 0..<16 {
            for byteCount in 0...130 {
                for phase in 0..<4 {
                    var expected = original
                    for index in 0..<byteCount {
                        expected[start + index] ^= Self.keyBytes[(phase + index) % 4]
                    }
                    var bytes = original
                    var key = Self.key.rotated(by: phase)
                    var span = bytes.mutableSpan
                    key.apply(to: &span, in: start..<start + byteCount)
                    #expect(bytes == expected)
                    #expect(key == Self.key.rotated(by: phase + byteCount))
                }
            }
        }
    }

    @Test func `masking in two pieces is masking in one`() {
        let original = (0..<100).map { UInt8($0) }
        var whole = original
        var wholeKey = Self.key
        var wholeSpan = whole.mutableSpan
        wholeKey.apply(to: &wholeSpan, in: 0..<100)
        for cut in 0...100 {
            var pieces = original
            var key = Self.key
            var span = pieces.mutableSpan
            key.apply(to: &span, in: 0..<cut)
            key.apply(to: &span, in: cut..<100)
            #expect(pieces == whole)
            #expect(key == wholeKey)
        }
    }

    @Test func `a key turns once in four bytes`() {
        #expect(Self.key.rotated(by: 0) == Self.key)
        #expect(Self.key.rotated(by: 1) == MaskKey(0x34, 0x56, 0xF8, 0x12))
        #expect(Self.key.rotated(by: 4) == Self.key)
        #expect(Self.key.rotated(by: 7) == MaskKey(0xF8, 0x12, 0x34, 0x56))
    }

    @Test func `a range outside the bytes is our bug`() async {
        await #expect(processExitsWith: .failure) {
            var bytes: [UInt8] = [1, 2, 3]
            var key = MaskKey(1, 2, 3, 4)
            var span = bytes.mutableSpan
            key.apply(to: &span, in: 1..<4)
        }
    }
}
