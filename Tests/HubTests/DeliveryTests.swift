import Hub
import Primitives
import Testing

@Suite struct `Delivery` {
    let bench = TestBench()
    let shop = ShopID("a")

    @Test func `a subscriber gets the messages after its subscription, and none from before`() {
        #expect(bench.subscribe(connection(0), to: shop) == .subscribed)
        #expect(bench.publish("one", to: shop) == .published(recipientCount: 1))
        #expect(bench.subscribe(connection(1), to: shop) == .subscribed)
        #expect(bench.publish("two", to: shop) == .published(recipientCount: 2))
        bench.drain()
        #expect(bench.text(connection(0)) == "onetwo")
        #expect(bench.text(connection(1)) == "two")
    }

    @Test func `messages that wait together go out in one send`() {
        _ = bench.subscribe(connection(0), to: shop)
        for text in ["one", "two", "three"] { _ = bench.publish(text, to: shop) }
        let sends = bench.turn()
        #expect(sends.count == 1 && sends[0].sends("onetwothree", to: connection(0), isGroup: true))
        #expect(bench.turn().isEmpty)
        #expect(bench.deliveredFrameCount == 3)
    }

    @Test func `without a subscriber nothing is stored`() {
        #expect(bench.publish("one", to: shop) == .published(recipientCount: 0))
        #expect(!bench.needsFlush)
        #expect(bench.retainedByteCount == 0)
        #expect(bench.shopCount == 0)
    }

    @Test func `a shop's messages reach no other shop`() {
        _ = bench.subscribe(connection(0), to: ShopID("a"))
        _ = bench.subscribe(connection(1), to: ShopID("b"))
        _ = bench.publish("for a", to: ShopID("a"))
        _ = bench.publish("for b", to: ShopID("b"))
        bench.drain()
        #expect(bench.text(connection(0)) == "for a")
        #expect(bench.text(connection(1)) == "for b")
    }

    @Test func `a shop's name is its bytes, whatever Unicode takes for equal`() {
        _ = bench.subscribe(connection(0), to: ShopID("\u{e9}"))
        #expect(bench.publish("one", to: ShopID("e\u{301}")) == .published(recipientCount: 0))
    }

    @Test func `each encoding of a shop has its own log`() throws {
        let events = try #require(StreamEncoding(rawValue: 1))
        #expect(StreamEncoding(rawValue: StreamEncoding.bound) == nil)
        #expect(bench.encodings(of: shop) == [])
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.subscribe(connection(1), to: shop, encoding: events)
        #expect(bench.encodings(of: shop) == [StreamEncodings(.plain), StreamEncodings(events)])
        #expect(bench.encodings(of: shop).contains(events))
        #expect(bench.publish("bare", to: shop) == .published(recipientCount: 1))
        #expect(bench.publish("event", to: shop, encoding: events) == .published(recipientCount: 1))
        bench.drain()
        #expect(bench.text(connection(0)) == "bare")
        #expect(bench.text(connection(1)) == "event")
        #expect(bench.shopCount == 1)
        #expect(bench.subscriberCount(of: shop) == 2)
        bench.unsubscribe(connection(0))
        #expect(bench.encodings(of: shop) == StreamEncodings(events))
        #expect(bench.publish("event", to: shop, encoding: events) == .published(recipientCount: 1))
    }

    @Test func `the answer to the handshake goes out before any message`() {
        _ = bench.subscribe(connection(0), to: shop, prefix: "101 ")
        _ = bench.publish("one ", to: shop)
        bench.drain()
        #expect(bench.text(connection(0)) == "101 one ")
        _ = bench.publish("two", to: shop)
        #expect(bench.turn().map(\.isGroup) == [true])
        #expect(bench.text(connection(0)) == "101 one two")
    }

    @Test func `a new subscriber gets only new messages while current ones still wait for older ones`() {
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.publish("old ", to: shop)
        _ = bench.subscribe(connection(1), to: shop)
        bench.drain()
        _ = bench.publish("new", to: shop)
        bench.drain()
        #expect(bench.text(connection(0)) == "old new")
        #expect(bench.text(connection(1)) == "new")
        #expect(bench.trailingCount == 0)
    }

    @Test func `a message that was not flushed before a subscriber left goes to the others`() {
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.subscribe(connection(1), to: shop)
        _ = bench.publish("one", to: shop)
        #expect(bench.unsubscribe(connection(0)))
        bench.drain()
        #expect(bench.text(connection(0)) == "")
        #expect(bench.text(connection(1)) == "one")
    }
}

@Suite struct `A sweep over a shop's current subscribers` {
    let bench = TestBench()
    let shop = ShopID("a")

    private func texts(_ slots: Range<UInt32>) -> [String] { slots.map { bench.text(connection($0)) } }

    @Test func `a sweep stops when the budget is spent, and continues at the next subscriber`() {
        for slot in 0..<5 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        _ = bench.publish("x", to: shop)
        #expect(bench.turn(sendCount: 2).count == 2)
        #expect(bench.needsFlush)
        #expect(bench.turn(sendCount: 2).count == 2)
        #expect(bench.turn(sendCount: 2).count == 1)
        #expect(!bench.needsFlush)
        #expect(texts(0..<5) == ["x", "x", "x", "x", "x"])
    }

    @Test func `a message that is published during a sweep belongs to the next one`() {
        for slot in 0..<4 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        _ = bench.publish("one ", to: shop)
        bench.turn(sendCount: 2)
        _ = bench.publish("two", to: shop)
        // The rest of the first sweep, and no second send to any subscriber in the same flush.
        let rest = bench.turn()
        #expect(rest.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one ", "one "])
        #expect(bench.needsFlush)
        #expect(bench.turn().count == 4)
        #expect(texts(0..<4) == ["one two", "one two", "one two", "one two"])
    }

    @Test(arguments: 0..<4 as Range<UInt32>, 0..<5)
    func `a sweep loses and repeats nothing when a subscriber leaves in the middle`(leaver: UInt32, sendCount: Int) {
        for slot in 0..<4 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        _ = bench.publish("one ", to: shop)
        bench.turn(sendCount: sendCount)
        bench.unsubscribe(connection(leaver))
        _ = bench.publish("two", to: shop)
        bench.drain()
        for slot in 0..<4 as Range<UInt32> where slot != leaver { #expect(bench.text(connection(slot)) == "one two") }
        #expect(bench.lentByteCount == 0)
    }

    @Test(arguments: 0..<5, [true, false])
    func `a sweep serves a subscriber that comes in the middle from its position on`(sendCount: Int, hasMore: Bool) {
        for slot in 0..<4 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        _ = bench.publish("one ", to: shop)
        bench.turn(sendCount: sendCount)
        if hasMore { _ = bench.publish("two ", to: shop) }
        _ = bench.subscribe(connection(4), to: shop)
        bench.turn(sendCount: 1)
        _ = bench.publish("three", to: shop)
        bench.drain()
        for slot in 0..<4 as Range<UInt32> {
            #expect(bench.text(connection(slot)) == (hasMore ? "one two three" : "one three"))
        }
        #expect(bench.text(connection(4)) == "three")
        #expect(bench.trailingCount == 0)
    }

    @Test func `a sweep ends when all subscribers that it had not reached are gone`() {
        for slot in 0..<4 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        _ = bench.publish("one ", to: shop)
        let served = Set(bench.turn(sendCount: 2).map(\.connection))
        for slot in 0..<4 as Range<UInt32> where !served.contains(connection(slot)) {
            bench.unsubscribe(connection(slot))
        }
        _ = bench.publish("two", to: shop)
        bench.drain()
        for id in served { #expect(bench.text(id) == "one two") }
        #expect(bench.retainedByteCount == 0)
    }

    @Test func `a sweep counts its bytes against the budget as well`() {
        for slot in 0..<4 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        _ = bench.publish(String(repeating: "x", count: 100), to: shop)
        #expect(bench.turn(byteCount: 101).count == 2)
        #expect(bench.turn(byteCount: 0).isEmpty)
        #expect(bench.turn(byteCount: 1).count == 1)
        #expect(bench.turn().count == 1)
    }
}
