import Hub
import Primitives
import Testing

@Suite struct `Control frames` {
    let bench = TestBench()
    let shop = ShopID("a")
    let peer = connection(0)

    init() {
        _ = bench.subscribe(peer, to: shop)
    }

    /// Leaves the peer in the middle of "message", with two bytes sent.
    private func blockMidFrame() {
        bench.room[peer] = 2
        _ = bench.publish("message", to: shop)
        bench.turn()
    }

    @Test func `control frames go to a current subscriber, which is then current again`() {
        #expect(bench.control(.ping, "ping", to: peer))
        #expect(bench.needsFlush)
        #expect(bench.turn().map(\.isGroup) == [false])
        #expect(bench.text(peer) == "ping")
        #expect(bench.trailingCount == 0)
        #expect(bench.lentByteCount == 0)
    }

    @Test func `control frames go out before messages that wait`() {
        _ = bench.publish("message", to: shop)
        bench.control(.ping, "ping ", to: peer)
        bench.drain()
        #expect(bench.text(peer) == "ping message")
    }

    @Test func `control frames wait for the end of the frame that is begun`() {
        blockMidFrame()
        _ = bench.publish(" next", to: shop)
        bench.control(.ping, "(ping)", to: peer)
        bench.makeRoom(peer)
        bench.drain()
        #expect(bench.text(peer) == "message(ping) next")
    }

    @Test func `control frames keep their order`() {
        bench.control(.pong, "(pong)", to: peer)
        bench.control(.ping, "(ping)", to: peer)
        bench.control(.close, "(close)", to: peer)
        bench.drain()
        #expect(bench.text(peer) == "(pong)(ping)(close)")
    }

    @Test func `a few pongs all go out`() {
        for index in 0..<10 { bench.control(.pong, "(\(index))", to: peer) }
        bench.drain()
        #expect(bench.text(peer) == "(0)(1)(2)(3)(4)(5)(6)(7)(8)(9)")
    }

    @Test func `beyond the limit a pong replaces the last one`() {
        var limits = HubLimits()
        limits.waitingPongByteCountMax = 140
        let bench = TestBench(limits: limits)
        _ = bench.subscribe(peer, to: shop)
        let long = String(repeating: "p", count: 125)
        bench.control(.pong, long, to: peer)
        bench.control(.pong, "(pong two)", to: peer)
        bench.control(.ping, "(ping)", to: peer)
        bench.control(.pong, "(pong three)", to: peer)
        bench.drain()
        #expect(bench.text(peer) == long + "(ping)(pong three)")
    }

    @Test func `a pong that is begun is not replaced`() {
        var limits = HubLimits()
        limits.waitingPongByteCountMax = 131
        let bench = TestBench(limits: limits)
        _ = bench.subscribe(peer, to: shop)
        bench.room[peer] = 3
        let long = String(repeating: "p", count: 131)
        #expect(bench.control(.pong, long, to: peer))
        bench.turn()
        #expect(!bench.control(.pong, "(pong two)", to: peer))
        bench.makeRoom(peer)
        bench.drain()
        #expect(bench.control(.pong, "(pong three)", to: peer))
        bench.drain()
        #expect(bench.text(peer) == long + "(pong three)")
    }

    @Test func `a second ping is dropped while the first one waits`() {
        #expect(bench.control(.ping, "(one)", to: peer))
        #expect(!bench.control(.ping, "(two)", to: peer))
        bench.drain()
        #expect(bench.control(.ping, "(three)", to: peer))
        bench.drain()
        #expect(bench.text(peer) == "(one)(three)")
    }

    @Test func `pongs to a full socket hold no more than a bounded outbox`() {
        bench.room[peer] = 0
        for index in 0..<1000 {
            bench.control(.pong, "(pong \(index))", to: peer)
            bench.makeRoom(peer, byteCount: 0)
            var sink = RecordingSink()
            var budget = FlushBudget(sendCount: 1, byteCount: 1000)
            bench.flush(budget: &budget, into: &sink)
            bench.control(.pong, "(late \(index))", to: peer)
            for send in sink.sends {
                #expect(bench.sendCompleted(send.connection, sentByteCount: 0) == .pollWritable)
            }
            bench.submitted()
        }
        #expect(bench.lentByteCount <= 3072)
    }

    @Test func `nothing follows a close frame`() {
        #expect(bench.control(.close, "(close)", to: peer))
        #expect(!bench.control(.ping, "(ping)", to: peer))
        #expect(!bench.control(.close, "(again)", to: peer))
        #expect(bench.publish("message", to: shop) == .published(recipientCount: 0))
        bench.drain()
        #expect(bench.text(peer) == "(close)")
        #expect(bench.closed == [peer])
        #expect(bench.subscriberCount == 0)
        #expect(bench.unsubscribe(peer))
    }

    @Test func `a close frame ends the frame that is begun and skips those that wait`() {
        blockMidFrame()
        _ = bench.publish(" next", to: shop)
        bench.control(.close, "(close)", to: peer)
        #expect(bench.retainedByteCount == 0)
        bench.makeRoom(peer, byteCount: 6)
        bench.drain()
        #expect(bench.closed == [])
        bench.makeRoom(peer)
        bench.drain()
        #expect(bench.text(peer) == "message(close)")
        #expect(bench.closed == [peer])
    }

    @Test func `a close frame may wait for the messages published so far`() {
        blockMidFrame()
        _ = bench.publish(" next", to: shop)
        bench.control(.ping, "(ping)", to: peer)
        #expect(bench.control(.closeAfterMessages, "(close)", to: peer))
        #expect(!bench.control(.close, "(again)", to: peer))
        _ = bench.publish(" never", to: shop)
        bench.makeRoom(peer)
        bench.drain()
        #expect(bench.text(peer) == "message(ping) next(close)")
        #expect(bench.closed == [peer])
        #expect(bench.retainedByteCount == 0)
    }

    @Test func `a close frame that waits for messages goes at once when there are none`() {
        bench.control(.closeAfterMessages, "(close)", to: peer)
        bench.drain()
        #expect(bench.text(peer) == "(close)")
        #expect(bench.closed == [peer])
        #expect(bench.shopCount == 0)
    }

    @Test(arguments: 0...7)
    func `a close frame enqueued before a short send is reported goes out after its frame`(sentByteCount: Int) {
        _ = bench.publish("message", to: shop)
        _ = bench.publish("-next", to: shop)
        var sink = RecordingSink()
        var budget = FlushBudget(sendCount: 1, byteCount: 1000)
        bench.flush(budget: &budget, into: &sink)
        bench.control(.close, "(close)", to: peer)
        #expect(bench.shortSend(peer, sentByteCount: sentByteCount) == .pollWritable)
        bench.submitted()
        bench.makeRoom(peer)
        bench.drain()
        let rest = sentByteCount == 0 || sentByteCount == 7 ? "" : String("message".dropFirst(sentByteCount))
        #expect(bench.text(peer) == rest + "(close)")
        #expect(bench.closed == [peer])
    }

    @Test func `a ping enqueued before a short send is reported waits for the frame's end`() {
        _ = bench.publish("message", to: shop)
        var sink = RecordingSink()
        var budget = FlushBudget(sendCount: 1, byteCount: 1000)
        bench.flush(budget: &budget, into: &sink)
        bench.control(.ping, "(ping)", to: peer)
        #expect(bench.shortSend(peer, sentByteCount: 3) == .pollWritable)
        bench.submitted()
        #expect(bench.turn().isEmpty)
        bench.makeRoom(peer)
        bench.drain()
        #expect(bench.text(peer) == "sage(ping)")
        #expect(bench.trailingCount == 0)
    }

    @Test func `control frames to an unknown connection are refused`() {
        #expect(!bench.control(.ping, "(ping)", to: connection(7)))
        #expect(!bench.control(.close, "(close)", to: connection(0, generation: 2)))
    }

    @Test func `many subscribers that close at once leave room for the shops`() {
        for slot in 1..<101 as Range<UInt32> { _ = bench.subscribe(connection(slot), to: ShopID("b")) }
        for slot in 1..<101 as Range<UInt32> { bench.control(.close, "(close)", to: connection(slot)) }
        _ = bench.publish("message", to: shop)
        let sends = bench.turn(sendCount: 20)
        #expect(sends.count == 20)
        #expect(sends.contains { $0.connection == peer })
    }
}
