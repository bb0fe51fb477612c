import Hub
import Primitives
import Testing

@Suite struct `Shops take turns` {
    @Test func `a shop with 10,000 subscribers delays no flush of a hundred shops with three`() {
        let bench = TestBench()
        let large = ShopID("large")
        var slot: UInt32 = 0
        func subscribe(_ count: Int, to shop: ShopID) {
            for _ in 0..<count {
                _ = bench.subscribe(connection(slot), to: shop)
                slot += 1
            }
        }
        subscribe(10_000, to: large)
        let firstSmallSlot = slot
        for index in 0..<100 { subscribe(3, to: ShopID("small \(index)")) }

        let message = String(repeating: "x", count: 500)
        _ = bench.publish(message, to: large)
        for index in 0..<100 { _ = bench.publish(message, to: ShopID("small \(index)")) }
        let first = bench.turn(sendCount: 1024)
        #expect(first.count == 1024)
        #expect(first.filter { $0.connection.slot >= firstSmallSlot }.count == 300)

        // Under constant load of the large shop the small ones are served in every flush.
        for _ in 0..<20 {
            _ = bench.publish(message, to: large)
            for index in 0..<100 { _ = bench.publish(message, to: ShopID("small \(index)")) }
            let sends = bench.turn(sendCount: 1024)
            #expect(sends.filter { $0.connection.slot >= firstSmallSlot }.count == 300)
        }
        bench.drain()
        for slot in 0..<slot { #expect(bench.received[connection(slot)]?.count == 21 * 500, "slot \(slot)") }
    }

    @Test func `large messages cost a shop more of its quantum`() {
        var limits = HubLimits()
        limits.quantumByteCount = 10_000
        limits.sendPriceByteCount = 0
        let bench = TestBench(limits: limits)
        for slot in 0..<40 as Range<UInt32> {
            _ = bench.subscribe(connection(slot), to: ShopID(slot < 20 ? "large" : "small"))
        }
        _ = bench.publish(String(repeating: "x", count: 5000), to: ShopID("large"))
        _ = bench.publish(String(repeating: "x", count: 500), to: ShopID("small"))
        let sends = bench.turn(sendCount: 22)
        #expect(sends.filter { $0.bytes.count == 5000 }.count == 2)
        #expect(sends.filter { $0.bytes.count == 500 }.count == 20)
    }

    @Test func `a message larger than a quantum is paid for by quanta without a send`() {
        var limits = HubLimits()
        limits.quantumByteCount = 100
        limits.sendPriceByteCount = 0
        let bench = TestBench(limits: limits)
        _ = bench.subscribe(connection(0), to: ShopID("large"))
        _ = bench.subscribe(connection(1), to: ShopID("large"))
        for slot in 2..<12 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: ShopID("small")) }
        _ = bench.publish(String(repeating: "x", count: 300), to: ShopID("large"))
        _ = bench.publish(String(repeating: "x", count: 50), to: ShopID("small"))
        let order = bench.turn().map { $0.bytes.count == 300 ? "L" : "s" }.joined()
        #expect(order == "LssssssLssss")
    }

    @Test func `new and current subscribers of one shop do not starve each other`() {
        let bench = TestBench()
        let shop = ShopID("a")
        for slot in 0..<1000 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        bench.drain()
        for slot in 1000..<2000 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop, prefix: "101") }
        _ = bench.publish("x", to: shop)
        let sends = bench.turn(sendCount: 200)
        #expect(sends.contains { $0.isGroup })
        #expect(sends.contains { !$0.isGroup })
        bench.drain()
        #expect(bench.text(connection(999)) == "x")
        #expect(bench.text(connection(1999)) == "101x")
        #expect(bench.trailingCount == 0)
    }
}
