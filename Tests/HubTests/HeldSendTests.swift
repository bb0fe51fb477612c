import Hub
import Primitives
import Testing

/// Sends whose bytes were taken and are held below the hub, as those that TLS seals: at most eight bytes of a send are
/// taken at a time.
@Suite struct HeldSendTests {
    let bench = TestBench()
    let shop = ShopID("a")
    let sealed = connection(0)
    let plain = connection(1)

    init() {
        _ = bench.subscribe(sealed, to: shop)
        _ = bench.subscribe(plain, to: shop)
        bench.recordByteCountMax[sealed] = 8
    }

    @Test func `a subscriber whose bytes were all taken and are held gets nothing more before there is room`() {
        bench.room[sealed] = 2
        _ = bench.publish("one", to: shop)
        bench.turn()
        #expect(bench.trailingCount == 1 && bench.polled == [sealed])
        #expect(bench.retainedByteCount == 0, "what is held below is not retained here")
        _ = bench.publish("two", to: shop)
        #expect(bench.turn().map(\.connection) == [plain])
        bench.makeRoom(sealed)
        bench.drain()
        #expect(bench.text(sealed) == "onetwo" && bench.text(plain) == "onetwo")
        #expect(bench.trailingCount == 0 && bench.lentByteCount == 0)
        #expect(bench.deliveredFrameCount == 4)
    }

    @Test(arguments: 0...30)
    func `a long range is taken record by record, whatever room there is`(room: Int) {
        bench.room[sealed] = room
        _ = bench.publish("twelve bytes", to: shop)
        _ = bench.publish(", and ten.", to: shop)
        for _ in 0..<20 {
            bench.turn()
            if let polled = bench.polled.popLast() { bench.makeRoom(polled, byteCount: 5) }
        }
        bench.makeRoom(sealed)
        bench.drain()
        while bench.polled.popLast() != nil {
            bench.makeRoom(sealed)
            bench.drain()
        }
        #expect(bench.text(sealed) == "twelve bytes, and ten." && bench.text(plain) == bench.text(sealed))
        #expect(bench.trailingCount == 0 && bench.lentByteCount == 0)
        #expect(bench.deliveredFrameCount == 4)
    }

    @Test func `a subscriber with held bytes is a slow consumer like any other`() {
        var limits = HubLimits()
        limits.waitingMessageCountMax = 3
        let bench = TestBench(limits: limits)
        _ = bench.subscribe(sealed, to: shop)
        bench.recordByteCountMax[sealed] = 8
        bench.room[sealed] = 0
        for _ in 0..<4 {
            _ = bench.publish("one", to: shop)
            bench.turn()
        }
        #expect(bench.nextSlowConsumer() == nil)
        _ = bench.publish("one", to: shop)
        #expect(bench.nextSlowConsumer() == sealed)
    }

    @Test func `a close frame that is held counts as sent`() {
        bench.room[sealed] = 0
        bench.control(.close, "close", to: sealed)
        bench.turn()
        #expect(bench.closed == [sealed])
        bench.makeRoom(sealed)
        bench.drain()
        #expect(bench.text(sealed) == "close")
    }

    @Test func `control frames wait for held bytes`() {
        bench.room[sealed] = 1
        _ = bench.publish("one", to: shop)
        bench.turn()
        bench.control(.ping, "ping", to: sealed)
        #expect(bench.turn().isEmpty)
        bench.makeRoom(sealed)
        bench.drain()
        #expect(bench.text(sealed) == "oneping")
        #expect(bench.trailingCount == 0)
    }
}
