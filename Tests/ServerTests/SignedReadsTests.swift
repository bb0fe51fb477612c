import API
import Primitives
import Testing

@testable import Server

@Suite struct SignedReadsTests {
    /// Begins `count` reads, each in the shop that `shop` names for its number; how many were counted.
    private static func begin(_ count: Int, in reads: inout SignedReads, shop: (Int) -> String) -> Int {
        var begun = 0
        for number in 0..<count where reads.begin(in: ShopID(shop(number))) { begun += 1 }
        return begun
    }

    @Test func `one shop's reads leave room for another shop`() {
        var reads = SignedReads()
        let countMax = ServerLimits.signedReadsPerShopMax
        #expect(Self.begin(countMax + 1, in: &reads) { _ in "bakery" } == countMax)
        #expect(Self.begin(1, in: &reads) { _ in "florist" } == 1)
        reads.end(in: ShopID("bakery"))
        #expect(Self.begin(2, in: &reads) { _ in "bakery" } == 1)
    }

    @Test func `all shops' reads together take at most half of the memory for responses`() {
        var reads = SignedReads()
        let countMax = ServerLimits.signedReadCountMax
        #expect(Self.begin(countMax + 1, in: &reads) { "shop-\($0)" } == countMax)
        reads.end(in: ShopID("shop-0"))
        #expect(Self.begin(2, in: &reads) { "another-\($0)" } == 1)
        #expect(countMax * API.Limits.responseByteCountReserved <= ServerLimits.responseByteCountMax / 2)
    }
}
