/// Whose turn it is to write to each shop: its writers take turns, whatever the order in which the shops come.
struct WriterTurns {
    private let writerCount: UInt8
    private var nextWriters: [UInt8]

    /// Writers 0 to `writerCount - 1` of each of `shopCount` shops.
    init(shopCount: Int, writerCount: Int) {
        precondition((1...LoadLimits.writerCountMax).contains(writerCount))
        self.writerCount = UInt8(writerCount)
        nextWriters = [UInt8](repeating: 0, count: shopCount)
    }

    /// The writer of the shop's next message. O(1).
    mutating func take(shop: Int) -> UInt32 {
        let writer = nextWriters[shop]
        nextWriters[shop] = (writer + 1) % writerCount
        return UInt32(writer)
    }
}
