import Hub
import Primitives
import Testing

@Suite struct `The busiest shops` {
    let bench = TestBench()

    /// Some time after which the half of what was delivered before counts.
    private static let halfLife = Duration.nanoseconds(1 << 33)

    private func subscribe(_ slots: Range<UInt32>, to shop: String, encoding: StreamEncoding = .plain) {
        for slot in slots { _ = bench.subscribe(connection(slot), to: ShopID(shop), encoding: encoding) }
    }

    private func publish(_ count: Int, to shop: String, encoding: StreamEncoding = .plain) {
        for _ in 0..<count { _ = bench.publish("message", to: ShopID(shop), encoding: encoding) }
        bench.drain()
    }

    private func names(countMax: Int = 9) -> [String] { bench.busiestShops(countMax: countMax).map(\.shop.text) }

    private func busiest() throws -> BusyShop { try #require(bench.busiestShops(countMax: 1).first) }

    @Test func `a shop with few subscribers and much traffic comes before one with many`() {
        subscribe(0..<2, to: "busy")
        subscribe(2..<12, to: "large")
        subscribe(12..<15, to: "small")
        #expect(names() == ["large", "small", "busy"], "without deliveries, by subscribers")
        publish(20, to: "busy")
        publish(1, to: "large")
        #expect(names() == ["busy", "large", "small"])
        #expect(bench.busiestShops(countMax: 9).map(\.deliveredFrameCount) == [40, 10, 0])
        #expect(bench.busiestShops(countMax: 9).map(\.busyness.subscriberCount) == [2, 10, 3])
        #expect(names(countMax: 2) == ["busy", "large"] && names(countMax: 0).isEmpty)
    }

    @Test func `recent deliveries count more than earlier ones`() {
        subscribe(0..<1, to: "earlier")
        subscribe(1..<2, to: "now")
        publish(20, to: "earlier")
        bench.now = bench.now + Self.halfLife
        publish(11, to: "now")
        #expect(names() == ["now", "earlier"])
        publish(2, to: "earlier")
        #expect(names() == ["earlier", "now"], "the half of 20, and 2")
        #expect(bench.busiestShops(countMax: 9).map(\.deliveredFrameCount) == [22, 11])
    }

    @Test func `a delivery counts until a half of it is nothing`() throws {
        subscribe(0..<1, to: "earlier")
        subscribe(1..<3, to: "silent")
        publish(1, to: "earlier")
        for rank in [16, 8, 4, 2, 1] as [UInt64] {
            #expect(try busiest().busyness.recentDeliveries == rank)
            #expect(names() == ["earlier", "silent"])
            bench.now = bench.now + Self.halfLife
        }
        #expect(names() == ["silent", "earlier"])
        bench.now = bench.now + .seconds(1_000_000)
        #expect(names() == ["silent", "earlier"])
        publish(1, to: "earlier")
        #expect(try busiest().busyness.recentDeliveries == 16)
    }

    @Test func `what a socket did not take is no delivery before it is sent`() throws {
        subscribe(0..<3, to: "shop")
        bench.room[connection(1)] = 10
        publish(4, to: "shop")
        #expect(try busiest().deliveredFrameCount == 9, "one of its four frames was whole")
        #expect(try busiest().busyness.recentDeliveries == 9 * 16)
        bench.makeRoom(connection(1))
        bench.drain()
        #expect(try busiest().deliveredFrameCount == 12)
        #expect(bench.deliveredFrameCount == 12)
    }

    @Test func `the encodings of a shop count together, and a shop without subscribers is not listed`() throws {
        let other = try #require(StreamEncoding(rawValue: 3))
        subscribe(0..<2, to: "shop")
        subscribe(2..<3, to: "shop", encoding: other)
        publish(1, to: "shop")
        publish(5, to: "shop", encoding: other)
        let shop = try #require(bench.busiestShops(countMax: 9).first)
        #expect(shop.busyness == Busyness(recentDeliveries: 7 * 16, subscriberCount: 3))
        #expect(shop.deliveredFrameCount == 7)
        bench.unsubscribe(connection(2))
        #expect(bench.busiestShops(countMax: 9).map(\.deliveredFrameCount) == [2])
        for slot in 0..<2 as Range<UInt32> { bench.unsubscribe(connection(slot)) }
        #expect(names().isEmpty)
    }
}
