package import Primitives

/// A shop in which something changed lately, on the reactor that owns it: its clock, and with that the order of its
/// changes. Its place is where presence, typing and receipts belong too.
package struct Shop {
    package var clock: ShopClock

    package init(latestChange: Timestamp?) { clock = ShopClock(latest: latestChange ?? .earliest) }

    /// Whether nothing is lost when the shop is closed and opened again.
    var isIdle: Bool { clock.isIdle }
}

/// The shops of a reactor that are open: those in which something changed lately.
///
/// A value without I/O; time is an argument. A shop is opened, with the time of its latest change in the store, when it is
/// first changed. When there are too many the idle ones are closed.
package struct Shops {
    private var shops: [ShopID: Shop] = [:]
    private let countMax: Int

    /// No shops.
    package init(countMax: Int = Limits.openShopCountMax) { self.countMax = countMax }

    /// The open shops.
    package var count: Int { shops.count }

    /// Whether no shop has a write in flight. O(shops); for tests.
    package var areIdle: Bool { shops.values.allSatisfy(\.isIdle) }

    /// Whether the shop is open.
    package func isOpen(_ id: ShopID) -> Bool { shops[id] != nil }

    /// Opens a shop whose latest change in the store has this time, nil for a shop without any. Changes nothing when it is
    /// open by now. O(1), O(shops) when there are too many.
    package mutating func open(_ id: ShopID, latestChange: Timestamp?) {
        guard shops[id] == nil else { return }
        if shops.count >= countMax { shops = shops.filter { !$0.value.isIdle } }
        shops[id] = Shop(latestChange: latestChange)
    }

    /// The time of the next change of an open shop, and its place in the order. Each ticket must be given to `endChange`.
    ///
    /// - Precondition: The shop is open.
    package mutating func beginChange(in id: ShopID, at now: Timestamp) -> (time: Timestamp, ticket: UInt64) {
        guard let place = shops[id]?.clock.begin(at: now) else {
            preconditionFailure("a change in a shop that is closed")
        }
        return place
    }

    /// The place in the order of a change that has its time already; nil when the shop is not open, so that no write is in
    /// flight.
    package mutating func enterChange(in id: ShopID) -> UInt64? { shops[id]?.clock.enter() }

    /// Another writer's change was seen, with this time.
    package mutating func advance(_ id: ShopID, past time: Timestamp, at now: Timestamp) {
        shops[id]?.clock.advance(past: time, at: now)
    }

    /// The change is stored, or failed (nil): what is to be published now, in order.
    package mutating func endChange(in id: ShopID, _ ticket: UInt64, _ event: EncodedEvent?) -> [EncodedEvent] {
        shops[id]?.clock.finish(ticket, event) ?? []
    }
}
