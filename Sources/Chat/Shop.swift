public import Primitives

/// A shop with recent changes, on the reactor that owns it: its clock and thereby the order of its changes. Presence,
/// typing and receipts belong here too.
package struct Shop {
    package var clock: ShopClock

    package init(latestChange: Timestamp?) { clock = ShopClock(latest: latestChange ?? .earliest) }

    /// Whether the shop can be closed and reopened without losing anything.
    var isIdle: Bool { clock.isIdle }
}

/// The open shops of a reactor: those with recent changes.
///
/// A value without I/O; the time is an argument. A shop is opened by its first change, with the time of its latest
/// change in the store. When too many shops are open, the idle ones are closed.
public struct Shops {
    private var shops: [ShopID: Shop] = [:]
    private let countMax: Int

    /// Creates a value without open shops.
    public init(countMax: Int = Limits.openShopCountMax) { self.countMax = countMax }

    /// The number of open shops.
    public var count: Int { shops.count }

    /// Whether no shop has a write in flight. O(shops); for tests.
    public var areIdle: Bool { shops.values.allSatisfy(\.isIdle) }

    /// Whether the shop is open.
    public func isOpen(_ id: ShopID) -> Bool { shops[id] != nil }

    /// Opens a shop whose latest change in the store has this time; nil for a shop without changes. Does nothing when
    /// it is already open. O(1); O(shops) when there are too many.
    public mutating func open(_ id: ShopID, latestChange: Timestamp?) {
        guard shops[id] == nil else { return }
        if shops.count >= countMax { shops = shops.filter { !$0.value.isIdle } }
        shops[id] = Shop(latestChange: latestChange)
    }

    /// The time of the next change of an open shop, and its ticket in the order of publication. Each ticket must be
    /// passed to `endChange`.
    ///
    /// - Precondition: The shop is open.
    public mutating func beginChange(in id: ShopID, at now: Timestamp) -> (time: Timestamp, ticket: UInt64) {
        guard let place = shops[id]?.clock.begin(at: now) else {
            preconditionFailure("a change in a shop that is closed")
        }
        return place
    }

    /// The ticket of a change that already has its time; nil when the shop is not open, which means that no write is in
    /// flight.
    public mutating func enterChange(in id: ShopID) -> UInt64? { shops[id]?.clock.enter() }

    /// A change by another writer was seen, with this time.
    public mutating func advance(_ id: ShopID, past time: Timestamp, at now: Timestamp) {
        shops[id]?.clock.advance(past: time, at: now)
    }

    /// The change was stored, or failed (nil). Returns what to publish now, in order.
    public mutating func endChange(in id: ShopID, _ ticket: UInt64, _ event: EncodedEvent?) -> EventsInOrder {
        shops[id]?.clock.finish(ticket, event) ?? EventsInOrder()
    }
}
