import Hub
import Primitives

/// A message to a shop: published and flushed to a sink that only reads each connection, so that only the hub's own
/// work and the sweep over its subscribers are measured.
let hubBenchmarks = [
    fanOut(subscriberCount: 10, batchOperationCount: 2_000),
    fanOut(subscriberCount: 1_000, batchOperationCount: 100),
    fanOut(subscriberCount: 100_000, batchOperationCount: 2),
    Benchmark(
        name: "hub-busiest-shops-10000",
        operation: "the 20 shops with the most recent deliveries found among 10,000 shops with 100,000 streams",
        batchOperationCount: 10
    ) {
        let shops = ManyShops(shopCount: 10_000, streamCount: 100_000)
        return Benchmark.Batch { shops.readBusiestShops(count: 10) }
    },
    Benchmark(
        name: "hub-top-shops-10000",
        operation: "the 20 shops with the most streams found among 10,000 shops with 100,000 streams",
        batchOperationCount: 10
    ) {
        let shops = ManyShops(shopCount: 10_000, streamCount: 100_000)
        return Benchmark.Batch { shops.readTopShops(count: 10) }
    },
]

private func fanOut(subscriberCount: Int, batchOperationCount: Int) -> Benchmark {
    Benchmark(
        name: "hub-publish-\(subscriberCount)",
        operation: "a message of 500 bytes published and flushed to \(subscriberCount) subscribers",
        batchOperationCount: batchOperationCount
    ) {
        let crowd = Crowd(subscriberCount: subscriberCount)
        return Benchmark.Batch { crowd.publish(count: batchOperationCount) }
    }
}

/// Shops with streams, some with a few more than others: the part of a scrape of the metrics that grows with the shops.
private final class ManyShops {
    private var hub: HubShard

    init(shopCount: Int, streamCount: Int) {
        hub = HubShard(subscriberCapacity: streamCount)
        let shops = (0..<shopCount).map { ShopID("5f1c7e0a-2222-4222-8222-\(100_000_000_000 + $0)") }
        for number in 0..<streamCount {
            let shop = shops[(number &* 2_654_435_761) % (2 * shopCount) / 2]
            let result = hub.subscribe(ConnectionID(slot: UInt32(number), generation: 0), to: shop)
            precondition(result == .subscribed, "there is room for all")
        }
    }

    func readBusiestShops(count: Int) {
        for _ in 0..<count { keep(hub.busiestShops(countMax: 20, at: MonotonicInstant(nanoseconds: 1 << 40))) }
    }

    func readTopShops(count: Int) {
        for _ in 0..<count { keep(hub.topShops(countMax: 20)) }
    }
}

private struct PassingSink: HubSink {
    var sendCount = 0
    var slotSum: UInt64 = 0

    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        for index in connections.indices { slotSum &+= UInt64(connections[index].slot) }
        sendCount += connections.count
    }

    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        preconditionFailure("no subscriber trails")
    }
}

private final class Crowd {
    private var hub: HubShard
    private let shop = ShopID("5f1c7e0a-2222-4222-8222-222222222222")
    private let frame = [UInt8](repeating: 0x78, count: 500)
    private let subscriberCount: Int

    init(subscriberCount: Int) {
        self.subscriberCount = subscriberCount
        hub = HubShard(subscriberCapacity: subscriberCount)
        for slot in 0..<subscriberCount {
            let result = hub.subscribe(ConnectionID(slot: UInt32(slot), generation: 0), to: shop)
            precondition(result == .subscribed, "there is room for all")
        }
    }

    func publish(count: Int) {
        Self.publish(frame, to: shop, count: count, subscriberCount: subscriberCount, through: &hub)
    }

    private static func publish(
        _ frame: [UInt8], to shop: ShopID, count: Int, subscriberCount: Int, through hub: inout HubShard
    ) {
        var sink = PassingSink()
        let now = MonotonicInstant(nanoseconds: 1 << 40)
        for _ in 0..<count {
            _ = hub.publish(frame.span, to: shop)
            while hub.needsFlush {
                // The server flushes with a budget of this size per turn.
                var budget = FlushBudget(sendCount: 4_096, byteCount: 16 << 20)
                hub.flush(at: now, budget: &budget, into: &sink)
                hub.submitted()
            }
        }
        precondition(sink.sendCount == count * subscriberCount, "every subscriber got every message")
        keep(sink.slotSum)
    }
}
