import Primitives

/// The shops that a shard owns and in which something changed lately: their clocks, and the order of their changes.
///
/// A value without I/O; time is an argument. Clocks are read from the store when a shop is first changed (`open`) and
/// dropped when there are too many, unless a write is in flight.
struct Shops {
    private var clocks: [ShopID: ShopClock] = [:]
    private let countMax: Int

    /// No shops.
    init(countMax: Int = ServerLimits.shopClockCountMax) { self.countMax = countMax }

    /// The shops that have clocks.
    var count: Int { clocks.count }

    /// Whether no shop has a write in flight. O(shops); for tests.
    var areIdle: Bool { clocks.values.allSatisfy(\.isIdle) }

    /// Whether the shop has a clock.
    func isOpen(_ shop: ShopID) -> Bool { clocks[shop] != nil }

    /// Gives the shop a clock that goes on from the latest change in the store, nil for a shop without any. Changes
    /// nothing when the shop has a clock by now. O(1), O(shops) when there are too many.
    mutating func open(_ shop: ShopID, latestChange: Timestamp?) {
        guard clocks[shop] == nil else { return }
        if clocks.count >= countMax { clocks = clocks.filter { !$0.value.isIdle } }
        clocks[shop] = ShopClock(latest: latestChange ?? .earliest)
    }

    /// The time of the next change of an open shop, and its place in the order. Each ticket must be given to `endChange`.
    ///
    /// - Precondition: The shop is open.
    mutating func beginChange(in shop: ShopID, at now: Timestamp) -> (time: Timestamp, ticket: UInt64) {
        guard let place = clocks[shop]?.begin(at: now) else {
            preconditionFailure("a change in a shop without a clock")
        }
        return place
    }

    /// The place in the order of a change that has its time already; nil when the shop has no clock, so that no write is
    /// in flight.
    mutating func enterChange(in shop: ShopID) -> UInt64? { clocks[shop]?.enter() }

    /// Another writer's change was seen, with this time.
    mutating func advance(_ shop: ShopID, past time: Timestamp, at now: Timestamp) {
        clocks[shop]?.advance(past: time, at: now)
    }

    /// The change is stored, or failed (nil): what is to be published now, in order.
    mutating func endChange(in shop: ShopID, _ ticket: UInt64, _ publication: Publication?) -> [Publication] {
        clocks[shop]?.finish(ticket, publication) ?? []
    }
}
