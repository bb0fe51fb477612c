import Primitives
import Testing

@testable import Chat

@Suite struct ShopsTests {
    private let bakery = ShopID("bakery")
    private let now = Timestamp(microsecondsSinceEpoch: 1_000_000_000)

    @Test func `the clock of a shop continues from its latest change, and each shop has its own`() {
        var shops = Shops()
        #expect(!shops.isOpen(bakery))
        shops.open(bakery, latestChange: now.advanced(byMicroseconds: 5))
        shops.open(ShopID("florist"), latestChange: nil)
        #expect(shops.isOpen(bakery) && shops.count == 2)
        #expect(shops.beginChange(in: bakery, at: now).time == now.advanced(byMicroseconds: 6))
        #expect(shops.beginChange(in: ShopID("florist"), at: now).time == now)
    }

    @Test func `a shop that is opened twice keeps its clock`() {
        var shops = Shops()
        shops.open(bakery, latestChange: now.advanced(byMicroseconds: 5))
        shops.open(bakery, latestChange: nil)
        #expect(shops.beginChange(in: bakery, at: now).time == now.advanced(byMicroseconds: 6))
    }

    @Test func `changes are published in the order of their times`() {
        var shops = Shops()
        shops.open(bakery, latestChange: nil)
        let tickets = (0..<3).map { _ in shops.beginChange(in: bakery, at: now).ticket }
        #expect(!shops.areIdle)
        #expect(shops.endChange(in: bakery, tickets[2], event(2)).isEmpty)
        #expect(shops.endChange(in: bakery, tickets[1], nil).isEmpty)
        #expect(Array(shops.endChange(in: bakery, tickets[0], event(0))) == [event(0), event(2)])
        #expect(shops.areIdle)
    }

    @Test
    func `another writer's change is published after the writes in flight, and at once in a shop without a clock`()
        throws
    {
        var shops = Shops()
        #expect(shops.enterChange(in: bakery) == nil)
        shops.open(bakery, latestChange: nil)
        let own = shops.beginChange(in: bakery, at: now).ticket
        let entered = shops.enterChange(in: bakery)
        let other = try #require(entered)
        #expect(shops.endChange(in: bakery, other, event(1)).isEmpty)
        #expect(Array(shops.endChange(in: bakery, own, event(0))) == [event(0), event(1)])
    }

    @Test func `another writer's time moves the clock`() {
        var shops = Shops()
        shops.advance(bakery, past: now.advanced(byMicroseconds: 9), at: now)
        #expect(shops.count == 0)
        shops.open(bakery, latestChange: nil)
        shops.advance(bakery, past: now.advanced(byMicroseconds: 9), at: now)
        #expect(shops.beginChange(in: bakery, at: now).time == now.advanced(byMicroseconds: 10))
    }

    @Test func `with too many clocks the idle ones are evicted`() {
        var shops = Shops(countMax: 3)
        for number in 0..<3 { shops.open(ShopID("shop-\(number)"), latestChange: nil) }
        let ticket = shops.beginChange(in: ShopID("shop-1"), at: now).ticket
        shops.open(bakery, latestChange: nil)
        #expect(shops.count == 2 && shops.isOpen(ShopID("shop-1")) && shops.isOpen(bakery))
        #expect(Array(shops.endChange(in: ShopID("shop-1"), ticket, event(1))) == [event(1)])
    }
}
