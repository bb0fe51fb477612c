import Hub
import Primitives
import Testing

@Suite struct `Introspection of a shard` {
    let bench = TestBench()

    /// Shops "1" to "9", each with as many subscribers as its name says.
    private func fill() {
        var slot: UInt32 = 0
        for shop in 1...9 {
            for _ in 0..<shop {
                _ = bench.subscribe(connection(slot), to: ShopID("\(shop)"))
                slot += 1
            }
        }
    }

    @Test func `shops and subscribers are counted`() {
        fill()
        #expect(bench.shopCount == 9)
        #expect(bench.subscriberCount == 45)
        #expect(bench.subscriberCount(of: ShopID("7")) == 7)
        #expect(bench.subscriberCount(of: ShopID("none")) == 0)
        for slot in 0..<45 as Range<UInt32> { bench.unsubscribe(connection(slot)) }
        #expect(bench.shopCount == 0)
        #expect(bench.subscriberCount == 0)
    }

    @Test func `the shops with the most subscribers are listed, as many as requested`() {
        fill()
        #expect(bench.topShops(countMax: 3).map(\.shop.text) == ["9", "8", "7"])
        #expect(bench.topShops(countMax: 3).map(\.subscriberCount) == [9, 8, 7])
        #expect(bench.topShops(countMax: 100).count == 9)
        #expect(bench.topShops(countMax: 0).isEmpty)
    }

    @Test func `each subscriber of a shop is listed once, whatever its state`() {
        let shop = ShopID("a")
        for slot in 0..<6 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        bench.room[connection(1)] = 2
        bench.room[connection(2)] = 0
        _ = bench.publish("message", to: shop)
        bench.turn()
        bench.control(.ping, "(ping)", to: connection(3))
        _ = bench.subscribe(connection(6), to: shop, prefix: "101")
        bench.control(.close, "(close)", to: connection(4))
        var found: [UInt32] = []
        bench.forEachSubscriber(of: shop) { found.append($0.slot) }
        #expect(found.sorted() == [0, 1, 2, 3, 5, 6])
        #expect(bench.trailingCount == 4)
    }

    @Test func `a full shop refuses a subscriber`() {
        var limits = HubLimits()
        limits.shopSubscriberCountMax = 2
        let bench = TestBench(limits: limits)
        #expect(bench.subscribe(connection(0), to: ShopID("a")) == .subscribed)
        #expect(bench.subscribe(connection(1), to: ShopID("a"), prefix: "101") == .subscribed)
        #expect(bench.subscribe(connection(2), to: ShopID("a")) == .shopFull)
        #expect(bench.subscribe(connection(2), to: ShopID("b")) == .subscribed)
        bench.unsubscribe(connection(0))
        #expect(bench.subscribe(connection(0), to: ShopID("a")) == .subscribed)
    }

    @Test func `shops that come and go leave no state`() {
        for round in 0..<50 {
            for slot in 0..<20 as Range<UInt32> {
                _ = bench.subscribe(connection(slot), to: ShopID("\(round) \(slot % 7)"))
            }
            for slot in 0..<20 as Range<UInt32> { bench.unsubscribe(connection(slot)) }
        }
        #expect(bench.shopCount == 0)
        #expect(bench.publish("x", to: ShopID("0 0")) == .published(recipientCount: 0))
    }
}
