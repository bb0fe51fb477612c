import Testing

@testable import Primitives

@Suite struct ByteSearchTests {
    @Test func `a byte is found in every place of texts of every length, from every start`() {
        for length in 0...50 {
            for place in 0...length {
                var bytes = [UInt8](repeating: 0x5A, count: length)
                if place < length { bytes[place] = 0xDA }
                for start in 0...length {
                    let expected = place < length && start <= place ? place : nil
                    #expect(bytes.span.firstIndex(of: 0xDA, from: start) == expected)
                }
            }
        }
    }

    @Test func `the first of several bytes is found`() {
        for distance in 1...40 {
            var bytes = [UInt8](repeating: 1, count: 100)
            (bytes[20], bytes[20 + distance]) = (0, 0)
            #expect(bytes.span.firstIndex(of: 0) == 20)
            #expect(bytes.span.firstIndex(of: 0, from: 21) == 20 + distance)
            #expect(bytes.span.firstIndex(of: 0, from: 21 + distance) == nil)
        }
    }

    @Test func `a block selects bytes as single comparisons do`() {
        for value in 0...255 as ClosedRange<UInt8> {
            for place in 0..<ByteBlock.byteCount {
                var bytes = [UInt8](repeating: 0x7F, count: ByteBlock.byteCount)
                bytes[place] = value
                guard let block = ByteBlock(bytes.span, at: 0) else { preconditionFailure("sixteen bytes are a block") }
                #expect(block.below(0x20).firstOffset == (value < 0x20 ? place : 16))
                #expect(block.belowOrBeyondASCII(0x20).firstOffset == (value < 0x20 || value > 0x7F ? place : 16))
                #expect(block == block && !block.isZero)
                #expect(block.below(0x20).isEmpty == (value >= 0x20))
                #expect(block.outside("-", to: "\u{7F}").firstOffset == (0x2D...0x7F ~= value ? 16 : place))
                #expect(block.settingBits(0x20).bytes[place] == value | 0x20)
                #expect(block.invertingBits(0x02).bytes[place] == value ^ 0x02)
                #expect((block.below(0x20) & block.equal(to: 0x09)).firstOffset == (value == 0x09 ? place : 16))
                #expect(block.equal(to: value).firstOffset == (value == 0x7F ? 0 : place))
                #expect(
                    (block.below(0x20) | block.equal(to: 0x22)).firstOffset
                        == (value < 0x20 || value == 0x22 ? place : 16))
            }
        }
    }

    @Test func `there is no block where fewer bytes follow`() {
        let bytes = [UInt8](repeating: 0, count: 20)
        for index in [5, 20, 21, Int.max] { #expect(ByteBlock(bytes.span, at: index) == nil) }
        #expect(ByteBlock(bytes.span, at: 4) != nil)
    }

    @Test func `a word has zeros for what is past the end`() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5]
        for (index, word) in [(0, 0x0403_0201), (1, 0x0504_0302), (2, 0x0005_0403), (4, 5), (5, 0)] as [(Int, UInt32)] {
            #expect(bytes.span.littleEndianWord(at: index) == word)
        }
    }
}
