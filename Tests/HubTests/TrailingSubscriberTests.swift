import Hub
import Primitives
import Testing

@Suite struct `A subscriber whose socket is full` {
    let bench = TestBench()
    let shop = ShopID("a")
    let slow = connection(0)
    let quick = connection(1)

    init() {
        _ = bench.subscribe(slow, to: shop)
        _ = bench.subscribe(quick, to: shop)
    }

    @Test(arguments: 0...9)
    func `a trailing subscriber continues at the byte where it stopped, without effect on the others`(room: Int) {
        bench.room[slow] = room
        _ = bench.publish("one two ", to: shop)
        bench.turn()
        #expect(bench.text(quick) == "one two ")
        _ = bench.publish("three", to: shop)
        bench.drain()
        #expect(bench.text(quick) == "one two three")
        #expect(bench.text(slow) == String("one two three".prefix(room)))
        bench.makeRoom(slow)
        bench.drain()
        #expect(bench.text(slow) == "one two three")
        #expect(bench.trailingCount == 0)
        #expect(bench.lentByteCount == 0)
        #expect(bench.deliveredFrameCount == 4)
    }

    @Test func `a blocked subscriber is polled once, and sent nothing until its socket has room`() {
        bench.room[slow] = 1
        _ = bench.publish("one", to: shop)
        bench.turn()
        #expect(bench.polled == [slow])
        for _ in 0..<3 {
            _ = bench.publish("two", to: shop)
            #expect(bench.turn().map(\.connection) == [quick])
        }
        #expect(bench.polled == [slow])
        #expect(bench.trailingCount == 1)
    }

    @Test func `a trailing subscriber gets all that waits in one send, and is current again`() {
        bench.room[slow] = 0
        for text in ["one ", "two ", "three "] {
            _ = bench.publish(text, to: shop)
            bench.turn()
        }
        bench.makeRoom(slow)
        let sends = bench.turn()
        #expect(sends.count == 1 && sends[0].sends("one two three ", to: slow, isGroup: false))
        _ = bench.publish("four", to: shop)
        #expect(bench.turn().map(\.isGroup) == [true, true])
    }

    @Test func `a blocked subscriber continues as its socket gets room bit by bit`() {
        bench.room[slow] = 0
        _ = bench.publish("abcdefgh", to: shop)
        bench.turn()
        for count in 1...4 {
            bench.makeRoom(slow, byteCount: 2)
            bench.turn()
            #expect(bench.text(slow) == String("abcdefgh".prefix(2 * count)))
        }
        bench.makeRoom(slow)
        bench.drain()
        #expect(bench.trailingCount == 0)
    }

    @Test func `a trailing subscriber holds the log from its frame on, and no more`() {
        bench.room[slow] = 4
        _ = bench.publish("one ", to: shop)
        _ = bench.publish("two ", to: shop)
        bench.turn()
        #expect(bench.retainedByteCount == 4)
        bench.unsubscribe(slow)
        #expect(bench.retainedByteCount == 0)
        #expect(bench.lentByteCount == 0)
    }

    @Test func `a trailing subscriber is offered a bounded range at a time`() {
        var limits = HubLimits()
        limits.singleSendByteCountMax = 3
        let bench = TestBench(limits: limits)
        _ = bench.subscribe(slow, to: shop)
        bench.room[slow] = 0
        _ = bench.publish("abcdefgh", to: shop)
        bench.turn()
        bench.makeRoom(slow)
        #expect(bench.turn().map(\.bytes.count) == [3])
        #expect(bench.drain() == 2)
        #expect(bench.text(slow) == "abcdefgh")
    }

    @Test func `a subscriber whose send failed is sent nothing more and holds nothing`() {
        bench.room[slow] = 0
        _ = bench.publish("one", to: shop)
        bench.turn()
        bench.sendFailed(slow)
        #expect(bench.retainedByteCount == 0)
        #expect(bench.subscriberCount == 1)
        #expect(!bench.isSubscribed(slow))
        #expect(!bench.control(.ping, "p", to: slow))
        bench.becameWritable(slow)
        #expect(bench.turn().isEmpty)
        #expect(bench.publish("two", to: shop) == .published(recipientCount: 1))
        #expect(bench.unsubscribe(slow))
    }

    @Test func `a trailing subscriber may leave while its send is in flight`() {
        bench.room[slow] = 0
        _ = bench.publish("one", to: shop)
        bench.turn()
        bench.makeRoom(slow)
        var sink = RecordingSink()
        var budget = FlushBudget(sendCount: 10, byteCount: 1000)
        bench.flush(budget: &budget, into: &sink)
        #expect(sink.sends.count == 1)
        #expect(budget.sendCount == 9 && budget.byteCount == 997)
        bench.unsubscribe(slow)
        #expect(bench.sendCompleted(slow, sentByteCount: 3) == .none)
        bench.submitted()
        #expect(bench.lentByteCount == 0)
    }

    @Test func `a writable socket has no effect on a subscriber that is not blocked`() {
        bench.becameWritable(slow)
        _ = bench.publish("one", to: shop)
        #expect(bench.turn().map(\.isGroup) == [true, true])
    }
}

/// Keeps the address of the bytes, as a driver does until it has submitted.
@safe
private struct AddressSink: HubSink {
    var ranges: [UnsafeBufferPointer<UInt8>] = unsafe []

    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe ranges.append($0) }
    }

    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe ranges.append($0) }
    }
}

@Suite struct `Bytes in flight` {
    let shop = ShopID("a")

    private func flush(_ bench: TestBench) -> AddressSink {
        var sink = AddressSink()
        var budget = FlushBudget(sendCount: 100, byteCount: 1 << 20)
        bench.flush(budget: &budget, into: &sink)
        return sink
    }

    @Test func `bytes of a log stay unmoved while more is published and the subscribers leave`() throws {
        let bench = TestBench()
        _ = bench.subscribe(connection(0), to: shop)
        _ = bench.publish("first", to: shop)
        let sink = flush(bench)
        for _ in 0..<100 { _ = bench.publish(String(repeating: "x", count: 1000), to: shop) }
        bench.unsubscribe(connection(0))
        // The next send must not be lent that memory yet.
        _ = bench.subscribe(connection(1), to: ShopID("b"))
        for _ in 0..<100 { _ = bench.publish(String(repeating: "y", count: 100), to: ShopID("b")) }
        // SAFETY: this is the contract under test: the bytes stay until `submitted`.
        let range = unsafe try #require(sink.ranges.first)
        #expect(unsafe Array(range) == Array("first".utf8))
        bench.submitted()
        bench.drain()
        #expect(bench.lentByteCount == 0)
    }

    @Test func `bytes of a log with free space before them stay unmoved while more is published`() throws {
        let bench = TestBench()
        for slot in 0..<2 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop) }
        bench.room[connection(0)] = 0
        for _ in 0..<4 {
            _ = bench.publish(String(repeating: "o", count: 100), to: shop)
            bench.turn()
        }
        _ = bench.publish(String(repeating: "x", count: 100), to: shop)
        bench.turn()
        bench.makeRoom(connection(0), byteCount: 400)
        bench.turn()
        bench.becameWritable(connection(0))
        let sink = flush(bench)
        for _ in 0..<8 { _ = bench.publish(String(repeating: "n", count: 100), to: shop) }
        // SAFETY: as above.
        let range = unsafe try #require(sink.ranges.first)
        #expect(unsafe Array(range) == [UInt8](repeating: UInt8(ascii: "x"), count: 100))
        _ = bench.sendCompleted(connection(0), sentByteCount: 100)
        bench.submitted()
    }

    @Test func `bytes of an outbox stay unmoved when the subscriber leaves`() throws {
        let bench = TestBench()
        _ = bench.subscribe(connection(0), to: shop, prefix: "prefix")
        let sink = flush(bench)
        bench.control(.pong, String(repeating: "p", count: 131), to: connection(0))
        bench.unsubscribe(connection(0))
        for slot in 1..<20 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: shop, prefix: "other!") }
        // SAFETY: as above.
        let range = unsafe try #require(sink.ranges.first)
        #expect(unsafe Array(range) == Array("prefix".utf8))
        bench.submitted()
    }
}
