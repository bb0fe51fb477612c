import Hub
import Primitives

// The shard's own calls: the testing library's macros take no members of a value that cannot be copied.
extension TestBench {
    var shopCount: Int { shard.shopCount }
    var subscriberCount: Int { shard.subscriberCount }
    var trailingCount: Int { shard.trailingCount }
    var retainedByteCount: Int { shard.retainedByteCount }
    var lentByteCount: Int { shard.lentByteCount }
    var keptByteCount: Int { shard.keptByteCount }
    var deliveredFrameCount: UInt64 { shard.deliveredFrameCount }
    var needsFlush: Bool { shard.needsFlush }

    func subscriberCount(of shop: ShopID) -> Int { shard.subscriberCount(of: shop) }

    func encodings(of shop: ShopID) -> StreamEncodings { shard.encodings(of: shop) }

    func isSubscribed(_ connection: ConnectionID) -> Bool { shard.isSubscribed(connection) }

    func topShops(countMax: Int) -> [(shop: ShopID, subscriberCount: Int)] { shard.topShops(countMax: countMax) }

    func busiestShops(countMax: Int) -> [BusyShop] { shard.busiestShops(countMax: countMax, at: now) }

    func forEachSubscriber(of shop: ShopID, _ body: (ConnectionID) -> Void) {
        shard.forEachSubscriber(of: shop, body)
    }

    @discardableResult
    func unsubscribe(_ connection: ConnectionID) -> Bool { shard.unsubscribe(connection) }

    func sendFailed(_ connection: ConnectionID) { shard.sendFailed(connection) }

    func becameWritable(_ connection: ConnectionID) { shard.becameWritable(connection) }

    func nextSlowConsumer() -> ConnectionID? { shard.nextSlowConsumer() }

    func flush<Sink: HubSink>(budget: inout FlushBudget, into sink: inout Sink) {
        shard.flush(at: now, budget: &budget, into: &sink)
    }

    func shortSend(_ connection: ConnectionID, sentByteCount: Int) -> SendFollowUp {
        shard.shortSend(connection, sentByteCount: sentByteCount)
    }

    func sendCompleted(_ connection: ConnectionID, sentByteCount: Int) -> SendFollowUp {
        shard.sendCompleted(connection, sentByteCount: sentByteCount)
    }

    func submitted() { shard.submitted() }
}
