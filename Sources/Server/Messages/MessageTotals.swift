import Primitives

/// How many messages the shops have whose numbered pages were asked for: counted once for all who ask within
/// `ServerLimits.messageTotalAge`, as counting takes as long as the shop is large.
struct MessageTotals {
    private struct Entry {
        let count: Task<Result<Int, APIError>, Never>
        let startedAt: MonotonicInstant
    }

    private var entries: [ShopID: Entry] = [:]
    private let shopCountMax: Int

    init(shopCountMax: Int) { self.shopCountMax = shopCountMax }

    /// The count of a shop, which `begin` starts unless it is known or on its way. O(1), O(shops) when full.
    mutating func count(
        of shop: ShopID, at now: MonotonicInstant, begin: () -> Task<Result<Int, APIError>, Never>
    ) -> Task<Result<Int, APIError>, Never> {
        if let entry = entries[shop], now.since(entry.startedAt) < ServerLimits.messageTotalAge { return entry.count }
        if entries.count >= shopCountMax {
            entries = entries.filter { now.since($0.value.startedAt) < ServerLimits.messageTotalAge }
        }
        if entries.count >= shopCountMax { entries.removeAll() }
        let entry = Entry(count: begin(), startedAt: now)
        entries[shop] = entry
        return entry.count
    }

    /// The count failed: the next who asks begins again.
    mutating func forget(_ shop: ShopID) { entries[shop] = nil }
}
