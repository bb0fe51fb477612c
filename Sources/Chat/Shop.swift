public import Primitives

/// A shop with recent changes, on the reactor that owns it: its clock and thereby the order of its changes. Presence,
/// typing and receipts belong here too. An object, so that a change looks its shop up once.
public final class Shop {
    private var clock: ShopClock

    fileprivate init(latestChange: Timestamp?) { clock = ShopClock(latest: latestChange ?? .earliest) }

    /// Whether the shop can be closed and reopened without losing anything.
    var isIdle: Bool { clock.isIdle }

    /// The time of the next change, and its ticket in the order of publication. Each ticket must be passed to
    /// `endChange`.
    public func beginChange(at now: Timestamp) -> (time: Timestamp, ticket: UInt64) { clock.begin(at: now) }

    /// The ticket of a change that already has its time.
    public func enterChange() -> UInt64 { clock.enter() }

    /// A change by another writer was seen, with this time.
    public func advance(past time: Timestamp, at now: Timestamp) { clock.advance(past: time, at: now) }

    /// The change was stored, or failed (nil). Returns what to publish now, in order.
    public func endChange(_ ticket: UInt64, _ event: EncodedEvent?) -> EventsInOrder { clock.finish(ticket, event) }
}

/// The open shops of a reactor: those with recent changes.
///
/// A value without I/O; the time is an argument. A shop is opened by its first change, with the time of its latest
/// change in the store. When too many shops are open, the idle ones are closed: a shop with a change in flight is not.
public struct Shops {
    private var shops: [ShopID: Shop] = [:]
    private let countMax: Int

    /// Creates a value without open shops.
    public init(countMax: Int = Limits.openShopCountMax) { self.countMax = countMax }

    /// The number of open shops.
    public var count: Int { shops.count }

    /// Whether no shop has a write in flight. O(shops); for tests.
    public var areIdle: Bool { shops.values.allSatisfy(\.isIdle) }

    /// The shop, when it is open. Begin a change at once: the shop may be closed when the caller has waited. O(1).
    public subscript(_ id: ShopID) -> Shop? { shops[id] }

    /// Opens a shop whose latest change in the store has this time; nil for a shop without changes. Returns the shop as
    /// it is when it is already open. O(1); O(shops) when there are too many.
    @discardableResult
    public mutating func open(_ id: ShopID, latestChange: Timestamp?) -> Shop {
        if let shop = shops[id] { return shop }
        if shops.count >= countMax { shops = shops.filter { !$0.value.isIdle } }
        let shop = Shop(latestChange: latestChange)
        shops[id] = shop
        return shop
    }
}
