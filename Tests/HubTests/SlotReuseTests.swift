import Hub
import Primitives
import Testing

@Suite struct `A slot that is used again` {
    let bench = TestBench(subscriberCapacity: 4)
    let shop = ShopID("a")
    let old = connection(2, generation: 7)
    let new = connection(2, generation: 8)

    init() {
        _ = bench.subscribe(old, to: shop)
        bench.unsubscribe(old)
        _ = bench.subscribe(new, to: shop)
    }

    @Test func `a reused slot gets nothing that is meant for its last connection`() {
        #expect(!bench.isSubscribed(old))
        #expect(bench.isSubscribed(new))
        #expect(!bench.control(.close, "(close)", to: old))
        #expect(!bench.unsubscribe(old))
        bench.sendFailed(old)
        bench.becameWritable(old)
        _ = bench.publish("x", to: shop)
        bench.drain()
        #expect(bench.text(new) == "x")
        #expect(bench.text(old) == "")
    }

    @Test func `a reused slot ignores reports of its last connection`() {
        _ = bench.publish("x", to: shop)
        var sink = RecordingSink()
        var budget = FlushBudget(sendCount: 10, byteCount: 10)
        bench.flush(budget: &budget, into: &sink)
        #expect(bench.shortSend(old, sentByteCount: 0) == .none)
        #expect(bench.sendCompleted(old, sentByteCount: 1) == .none)
        bench.submitted()
        #expect(bench.trailingCount == 0)
    }

    @Test func `the highest generation of a slot differs from the first`() {
        let last = connection(3, generation: ConnectionID.generationBound - 1)
        _ = bench.subscribe(last, to: shop)
        #expect(bench.isSubscribed(last))
        #expect(!bench.isSubscribed(connection(3, generation: 0)))
        bench.unsubscribe(last)
        _ = bench.subscribe(connection(3, generation: 0), to: shop)
        #expect(bench.isSubscribed(connection(3, generation: 0)))
    }

    @Test func `a slot that was never used has no subscriber`() {
        #expect(!bench.isSubscribed(connection(0, generation: 0)))
        #expect(!bench.unsubscribe(connection(0, generation: 0)))
    }
}

@Suite struct `Broken contracts stop the process` {
    @Test func `a second subscription of a slot`() async {
        await #expect(processExitsWith: .failure) {
            let bench = TestBench()
            _ = bench.subscribe(connection(0), to: ShopID("a"))
            _ = bench.subscribe(connection(0, generation: 2), to: ShopID("a"))
        }
    }

    @Test func `a flush before the last one was submitted`() async {
        await #expect(processExitsWith: .failure) {
            let bench = TestBench()
            _ = bench.subscribe(connection(0), to: ShopID("a"))
            _ = bench.publish("x", to: ShopID("a"))
            var sink = CountingSink()
            var budget = FlushBudget(sendCount: 1, byteCount: 1)
            bench.flush(budget: &budget, into: &sink)
            bench.flush(budget: &budget, into: &sink)
        }
    }

    @Test func `a single send without a report`() async {
        await #expect(processExitsWith: .failure) {
            let bench = TestBench()
            _ = bench.subscribe(connection(0), to: ShopID("a"), prefix: "101")
            var sink = CountingSink()
            var budget = FlushBudget(sendCount: 1, byteCount: 1)
            bench.flush(budget: &budget, into: &sink)
            bench.submitted()
        }
    }

    @Test func `a report of more bytes than were offered`() async {
        await #expect(processExitsWith: .failure) {
            let bench = TestBench()
            _ = bench.subscribe(connection(0), to: ShopID("a"))
            _ = bench.publish("x", to: ShopID("a"))
            var sink = CountingSink()
            var budget = FlushBudget(sendCount: 1, byteCount: 1)
            bench.flush(budget: &budget, into: &sink)
            _ = bench.shortSend(connection(0), sentByteCount: 2)
        }
    }

    @Test func `a report without a flush`() async {
        await #expect(processExitsWith: .failure) {
            let bench = TestBench()
            _ = bench.subscribe(connection(0), to: ShopID("a"))
            _ = bench.shortSend(connection(0), sentByteCount: 0)
        }
    }

    @Test func `a slot beyond the table`() async {
        await #expect(processExitsWith: .failure) {
            _ = TestBench(subscriberCapacity: 4).subscribe(connection(4), to: ShopID("a"))
        }
    }

    @Test func `a control frame that is too long`() async {
        await #expect(processExitsWith: .failure) {
            let bench = TestBench()
            _ = bench.subscribe(connection(0), to: ShopID("a"))
            bench.control(.ping, String(repeating: "x", count: 132), to: connection(0))
        }
    }

    @Test func `limits that contradict each other`() async {
        await #expect(processExitsWith: .failure) {
            var limits = HubLimits()
            limits.logByteCountMax = limits.waitingByteCountMax
            _ = TestBench(limits: limits)
        }
    }
}
