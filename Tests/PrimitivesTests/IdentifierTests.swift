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
