import Testing

@testable import Primitives

@Suite struct IdentifierTests {
    @Test func `two spellings of one character are two identifiers`() {
        let composed = ShopID("caf\u{e9}")
        let decomposed = ShopID("cafe\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test func `identifiers are equal, and hash alike, when all their bytes are equal`() {
        for length in 0...50 {
            let text = String(repeating: "a", count: length)
            let (id, same) = (ShopID(text), ShopID(String(decoding: Array(text.utf8), as: UTF8.self)))
            #expect(
                id == same && id.hashValue == same.hashValue && id._rawHashValue(seed: 7) == same._rawHashValue(seed: 7)
            )
            for place in 0..<length {
                var bytes = Array(text.utf8)
                bytes[place] = UInt8(ascii: "b")
                let other = ShopID(String(decoding: bytes, as: UTF8.self))
                #expect(id != other && !id.text.hasSameBytes(as: other.text))
            }
            #expect(id != ShopID(text + "a") && !text.hasSameBytes(as: text + "a"))
        }
    }

    @Test func `the low bits of the hash for a table depend on the identifier and on the table`() {
        let ids = (0..<4_096).map { ShopID("shop-\($0)") }
        for seed in [0, 1, 5, 12, -3, 0x7fff_1234_5678] {
            #expect(Set(ids.map { $0._rawHashValue(seed: seed) & 0xffff }).count > 3_700)
        }
        let moved = ids.filter { $0._rawHashValue(seed: 12) & 0xff != $0._rawHashValue(seed: 13) & 0xff }
        #expect(moved.count > 3_900)
    }

    @Test func `the stable hash is pinned, for nodes must agree on it`() {
        #expect(ShopID("").stableHash == 0xfdbd_f6ac_4fc5_2e7f)
        #expect(ShopID("shop-1").stableHash != ShopID("shop-2").stableHash)
    }

    @Test(arguments: [2, 3, 8, 16])
    func `the stable hash spreads shops evenly`(reactorCount: Int) {
        var counts = [Int](repeating: 0, count: reactorCount)
        let shopCount = 1_000 * reactorCount
        for index in 0..<shopCount {
            counts[Int(ShopID("shop-\(index)").stableHash % UInt64(reactorCount))] += 1
        }
        for count in counts { #expect((850...1150).contains(count)) }
    }
}
