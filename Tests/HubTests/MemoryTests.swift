import Hub
import Primitives
import Testing

@Suite struct `Memory stays bounded` {
    let shop = ShopID("a")

    @Test func `memory stays bounded while one subscriber never reads and 100,000 messages flow`() {
        let bench = TestBench(subscriberCapacity: 16)
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.subscribe(connection(1), to: shop)
        let message = [UInt8](repeating: 0x78, count: 500)
        var slowCount = 0
        var lentByteCountMax = 0
        for index in 0..<100_000 {
            _ = bench.shard.publish(message.span, to: shop)
            var sink = CountingSink()
            var budget = FlushBudget(sendCount: 1000, byteCount: 1 << 20)
            bench.flush(budget: &budget, into: &sink)
            if index == 0 { _ = bench.shortSend(connection(0), sentByteCount: 100) }
            bench.submitted()
            lentByteCountMax = max(lentByteCountMax, bench.lentByteCount)
            while bench.nextSlowConsumer() != nil { slowCount += 1 }
        }
        #expect(slowCount == 1)
        #expect(lentByteCountMax <= 512 << 10)
        #expect(bench.retainedByteCount == 0)
        // Only the rest of its current frame is kept for the subscriber.
        #expect(bench.lentByteCount == 512)
    }

    @Test func `memory stays bounded while a subscriber always trails a little`() {
        let bench = TestBench(subscriberCapacity: 16)
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.subscribe(connection(1), to: shop)
        bench.room[connection(0)] = 0
        let message = String(repeating: "x", count: 100)
        for index in 0..<2000 {
            _ = bench.publish(message, to: shop)
            // Each turn the subscriber takes one message and keeps trailing by ten.
            if index > 10 { bench.makeRoom(connection(0), byteCount: 100) }
            bench.turn()
            #expect(bench.retainedByteCount <= 1200)
            #expect(bench.lentByteCount <= 8 << 10)
        }
        #expect(bench.received[connection(0)]?.count == 1989 * 100)
        bench.makeRoom(connection(0))
        bench.drain()
        #expect(bench.received[connection(0)]?.count == 2000 * 100)
    }

    @Test func `a log releases its storage when all subscribers are current`() {
        let bench = TestBench()
        _ = bench.subscribe(connection(0), to: shop)
        for _ in 0..<100 { _ = bench.publish(String(repeating: "x", count: 10_000), to: shop) }
        #expect(bench.lentByteCount >= 1_000_000)
        bench.drain()
        #expect(bench.lentByteCount == 0)
        #expect(bench.keptByteCount <= HubLimits().keptByteCountMax)
    }

    @Test func `released storage is kept up to its bound`() {
        var limits = HubLimits()
        limits.keptByteCountMax = 10_000
        let bench = TestBench(limits: limits)
        for slot in 0..<100 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: ShopID("\(slot)")) }
        for slot in 0..<100 as Range<UInt32> { _ = bench.publish("x", to: ShopID("\(slot)")) }
        bench.drain()
        #expect(bench.lentByteCount == 0)
        #expect(bench.keptByteCount <= 10_000)
    }

    @Test func `a log that was long moves to a smaller buffer`() {
        let bench = TestBench()
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.subscribe(connection(1), to: shop)
        bench.room[connection(0)] = 0
        for _ in 0..<200 {
            _ = bench.publish(String(repeating: "x", count: 10_000), to: shop)
            bench.turn()
        }
        #expect(bench.retainedByteCount == 2_000_000)
        bench.makeRoom(connection(0), byteCount: 1_999_999)
        bench.drain()
        #expect(bench.retainedByteCount == 10_000)
        #expect(bench.lentByteCount <= 40_000)
        bench.makeRoom(connection(0))
        bench.drain()
        #expect(bench.received[connection(0)]?.count == 2_000_000)
    }
}
