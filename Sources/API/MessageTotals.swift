public import Primitives

/// The number of messages of the shops whose numbered pages were requested. One count serves all requests within
/// `Limits.messageTotalAge`, as its duration grows with the size of the shop.
public struct MessageTotals: Sendable {
    private struct Entry: Sendable {
        let count: Task<Result<Int, APIError>, Never>
        let startedAt: MonotonicInstant
    }

    private var entries: [ShopID: Entry] = [:]
    private let shopCountMax: Int

    /// Counts of at most `shopCountMax` shops.
    public init(shopCountMax: Int) { self.shopCountMax = shopCountMax }

    /// The count of a shop; `begin` starts one unless the last is recent enough or in flight. O(1), O(shops) when full.
    public mutating func count(
        of shop: ShopID, at now: MonotonicInstant, begin: () -> Task<Result<Int, APIError>, Never>
    ) -> Task<Result<Int, APIError>, Never> {
        if let entry = entries[shop], now.since(entry.startedAt) < Limits.messageTotalAge { return entry.count }
        if entries.count >= shopCountMax {
            entries = entries.filter { now.since($0.value.startedAt) < Limits.messageTotalAge }
        }
        if entries.count >= shopCountMax { entries.removeAll() }
        let entry = Entry(count: begin(), startedAt: now)
        entries[shop] = entry
        return entry.count
    }

    /// The count failed: the next request starts another.
    public mutating func forget(_ shop: ShopID) { entries[shop] = nil }
}
