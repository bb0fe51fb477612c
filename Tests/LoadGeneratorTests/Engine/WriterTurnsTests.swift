import Testing

@testable import LoadGenerator

@Suite struct WriterTurnsTests {
    @Test(arguments: [(1, 1), (1, 64), (3, 3), (4, 2), (4, 6), (100, 5)])
    func `each shop has all of its writers, however many shops take turns`(pair: (Int, Int)) {
        let (shopCount, writerCount) = pair
        var turns = WriterTurns(shopCount: shopCount, writerCount: writerCount)
        var writers = [[UInt32]](repeating: [], count: shopCount)
        for request in 0..<shopCount * writerCount * 2 {
            let shop = request % shopCount
            writers[shop].append(turns.take(shop: shop))
        }
        let expected = (0..<UInt32(writerCount)).map { $0 }
        for shop in writers { #expect(shop == expected + expected) }
    }
}
