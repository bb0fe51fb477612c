import Primitives
import Testing

@testable import Chat

@Suite struct ShopsTests {
    private let bakery = ShopID("bakery")
    private let now = Timestamp(microsecondsSinceEpoch: 1_000_000_000)

    @Test func `the clock of a shop continues from its latest change, and each shop has its own`() {
        var shops = Shops()
        #expect(shops[bakery] == nil)
        shops.open(bakery, latestChange: now.advanced(byMicroseconds: 5))
        let florist = shops.open(ShopID("florist"), latestChange: nil)
        #expect(shops.count == 2)
        #expect(shops[bakery]?.beginChange(at: now).time == now.advanced(byMicroseconds: 6))
        #expect(florist.beginChange(at: now).time == now)
    }

    @Test func `a shop that is opened twice keeps its clock`() {
        var shops = Shops()
        let first = shops.open(bakery, latestChange: now.advanced(byMicroseconds: 5))
        let second = shops.open(bakery, latestChange: nil)
        #expect(first === second && first === shops[bakery])
        #expect(second.beginChange(at: now).time == now.advanced(byMicroseconds: 6))
    }

    @Test func `changes are published in the order of their times`() {
        var shops = Shops()
        let shop = shops.open(bakery, latestChange: nil)
        let tickets = (0..<3).map { _ in shop.beginChange(at: now).ticket }
        #expect(!shops.areIdle)
        #expect(shop.endChange(tickets[2], event(2)).isEmpty)
        #expect(shop.endChange(tickets[1], nil).isEmpty)
        #expect(Array(shop.endChange(tickets[0], event(0))) == [event(0), event(2)])
        #expect(shops.areIdle)
    }

    @Test func `another writer's change is published after the writes in flight`() {
        var shops = Shops()
        let shop = shops.open(bakery, latestChange: nil)
        let own = shop.beginChange(at: now).ticket
        #expect(shop.endChange(shop.enterChange(), event(1)).isEmpty)
        #expect(Array(shop.endChange(own, event(0))) == [event(0), event(1)])
    }

    @Test func `another writer's time moves the clock`() {
        var shops = Shops()
        let shop = shops.open(bakery, latestChange: nil)
        shop.advance(past: now.advanced(byMicroseconds: 9), at: now)
        #expect(shop.beginChange(at: now).time == now.advanced(byMicroseconds: 10))
    }

    @Test func `with too many shops the idle ones are closed`() {
        var shops = Shops(countMax: 3)
        let opened = (0..<3).map { shops.open(ShopID("shop-\($0)"), latestChange: nil) }
        let ticket = opened[1].beginChange(at: now).ticket
        shops.open(bakery, latestChange: nil)
        #expect(shops.count == 2 && shops[ShopID("shop-1")] === opened[1] && shops[bakery] != nil)
        #expect(Array(opened[1].endChange(ticket, event(1))) == [event(1)])
    }
}
