import Hub
import Primitives
import Testing

@Suite struct `A slow consumer` {
    let shop = ShopID("a")
    let slow = connection(0)
    let quick = connection(1)

    private func bench(_ limits: HubLimits = HubLimits()) -> TestBench {
        let bench = TestBench(limits: limits)
        _ = bench.subscribe(slow, to: shop)
        _ = bench.subscribe(quick, to: shop)
        bench.room[slow] = 0
        return bench
    }

    private func messageLimit(_ count: Int) -> HubLimits {
        var limits = HubLimits()
        limits.waitingMessageCountMax = count
        return limits
    }

    @Test func `a subscriber over its limit of waiting messages is a slow consumer`() {
        let bench = bench()
        for index in 0..<256 {
            #expect(bench.publish("message \(index)", to: shop) == .published(recipientCount: 2))
            bench.turn()
        }
        #expect(bench.nextSlowConsumer() == nil)
        #expect(bench.publish("one more", to: shop) == .published(recipientCount: 1))
        #expect(bench.nextSlowConsumer() == slow)
        #expect(bench.nextSlowConsumer() == nil)
        bench.drain()
        #expect(bench.retainedByteCount == 0)
        #expect(bench.subscriberCount == 1)
        #expect(bench.trailingCount == 0)
        #expect(!bench.isSubscribed(slow))
    }

    @Test func `a subscriber over its limit of waiting bytes is a slow consumer`() {
        var limits = HubLimits()
        limits.waitingByteCountMax = 100
        let bench = bench(limits)
        _ = bench.publish(String(repeating: "x", count: 60), to: shop)
        bench.turn()
        _ = bench.publish(String(repeating: "x", count: 40), to: shop)
        bench.turn()
        #expect(bench.nextSlowConsumer() == nil)
        _ = bench.publish("x", to: shop)
        #expect(bench.nextSlowConsumer() == slow)
    }

    @Test func `a single message, however large, makes no slow consumer`() {
        var limits = HubLimits()
        limits.waitingByteCountMax = 100
        let bench = bench(limits)
        _ = bench.publish(String(repeating: "x", count: 1000), to: shop)
        bench.turn()
        #expect(bench.nextSlowConsumer() == nil)
    }

    @Test func `a subscriber is no slow consumer before the server has tried to send`() {
        let bench = bench(messageLimit(4))
        bench.room[slow] = nil
        bench.control(.ping, "(ping)", to: quick)
        for _ in 0..<100 { _ = bench.publish("x", to: shop) }
        #expect(bench.nextSlowConsumer() == nil)
        bench.drain()
        #expect(bench.text(quick).count == 106)
        #expect(bench.text(slow).count == 100)
    }

    @Test func `a short send may reveal a slow consumer`() {
        let bench = bench(messageLimit(4))
        for _ in 0..<10 { _ = bench.publish("message ", to: shop) }
        bench.turn()
        #expect(bench.nextSlowConsumer() == slow)
        #expect(bench.polled == [slow])
    }

    @Test func `a slow consumer that makes room gets the rest of its frame and a close frame`() {
        let bench = bench(messageLimit(4))
        bench.room[slow] = 3
        for _ in 0..<10 {
            _ = bench.publish("message", to: shop)
            bench.turn()
        }
        #expect(bench.nextSlowConsumer() == slow)
        #expect(bench.retainedByteCount == 0)
        #expect(bench.control(.close, "(too slow)", to: slow))
        #expect(bench.turn().isEmpty)
        bench.makeRoom(slow)
        bench.drain()
        #expect(bench.text(slow) == "message(too slow)")
        #expect(bench.closed == [slow])
        #expect(bench.unsubscribe(slow))
        #expect(bench.lentByteCount == 0)
    }

    @Test func `a slow consumer that makes room before it is closed gets its close frame`() {
        let bench = bench(messageLimit(1))
        for _ in 0..<3 {
            _ = bench.publish("message", to: shop)
            bench.turn()
        }
        bench.makeRoom(slow)
        #expect(bench.turn().isEmpty)
        #expect(bench.nextSlowConsumer() == slow)
        bench.control(.close, "(close)", to: slow)
        bench.drain()
        #expect(bench.text(slow) == "(close)")
    }

    @Test func `a slow consumer that is closing already is cut off without a report`() {
        let bench = bench(messageLimit(2))
        bench.room[slow] = 3
        _ = bench.publish("message", to: shop)
        bench.turn()
        bench.control(.closeAfterMessages, "(close)", to: slow)
        for _ in 0..<3 {
            _ = bench.publish("more", to: shop)
            bench.turn()
        }
        #expect(bench.nextSlowConsumer() == nil)
        #expect(bench.retainedByteCount == 0)
        bench.makeRoom(slow)
        bench.drain()
        #expect(bench.text(slow) == "message(close)")
        #expect(bench.closed == [slow])
    }

    @Test func `a slow consumer that left is not reported`() {
        let bench = bench(messageLimit(1))
        for _ in 0..<3 {
            _ = bench.publish("message", to: shop)
            bench.turn()
        }
        bench.unsubscribe(slow)
        #expect(bench.nextSlowConsumer() == nil)
    }

    @Test func `a slow consumer that leaves as the last of its shop ends the shop`() {
        let bench = TestBench(limits: messageLimit(1))
        _ = bench.subscribe(slow, to: shop)
        bench.room[slow] = 0
        _ = bench.publish("one", to: shop)
        bench.turn()
        #expect(bench.publish("two", to: shop) == .published(recipientCount: 0))
        #expect(bench.nextSlowConsumer() == slow)
        bench.drain()
        #expect(bench.shopCount == 0)
        #expect(bench.lentByteCount == 0)
    }

    @Test func `every blocked subscriber is a slow consumer when the memory of the shard is used up`() {
        var limits = HubLimits()
        limits.lentByteCountMax = 32 << 10
        let bench = bench(limits)
        let large = String(repeating: "x", count: 20_000)
        _ = bench.publish(large, to: shop)
        bench.turn()
        #expect(bench.nextSlowConsumer() == nil)
        _ = bench.publish(large, to: shop)
        bench.turn()
        _ = bench.publish("x", to: shop)
        #expect(bench.nextSlowConsumer() == slow)
        bench.drain()
        #expect(bench.text(quick).utf8.count == 40_001)
        #expect(bench.retainedByteCount == 0)
    }
}

@Suite struct `A log that is full` {
    @Test func `a full log refuses a message until a flush has sent its content`() {
        var limits = HubLimits()
        limits.waitingByteCountMax = 100
        limits.logByteCountMax = 1000
        let bench = TestBench(limits: limits)
        let shop = ShopID("a")
        _ = bench.subscribe(connection(0), to: shop)
        let message = String(repeating: "x", count: 400)
        #expect(bench.publish(message, to: shop) == .published(recipientCount: 1))
        #expect(bench.publish(message, to: shop) == .published(recipientCount: 1))
        #expect(bench.publish(message, to: shop) == .logFull)
        bench.drain()
        #expect(bench.publish(message, to: shop) == .published(recipientCount: 1))
        bench.drain()
        #expect(bench.text(connection(0)).utf8.count == 1200)
        #expect(bench.publish(String(repeating: "x", count: 1001), to: shop) == .logFull)
        #expect(bench.lentByteCount == 0)
    }
}
