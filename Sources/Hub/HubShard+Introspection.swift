public import Primitives

// For metrics, and for closing all streams of a shop; not on the hot path.
extension HubShard {
    /// The number of shops with a subscriber, or with bytes that are still in flight.
    public var shopCount: Int { firstTopics.count }

    /// Bytes of buffers lent to logs and outboxes, or held until `submitted`.
    public var lentByteCount: Int { pool.lentByteCount }

    /// Bytes of buffers kept for the next messages; at most `HubLimits.keptByteCountMax`.
    public var keptByteCount: Int { pool.keptByteCount }

    /// Whether the connection receives messages. O(1).
    public func isSubscribed(_ connection: ConnectionID) -> Bool {
        guard let slot = slots[connection] else { return false }
        switch slot.state {
        case .current: return true
        case .trailing: return trailing[slot.trailing].isAttached
        case .ended: return false
        }
    }

    /// The number of subscribers of a shop, in all encodings. O(1), one hash.
    public func subscriberCount(of shop: ShopID) -> Int {
        subscriberCount(from: firstTopics[shop] ?? .null)
    }

    /// The shops with a subscriber, or with bytes that are still in flight, in no order. O(shops); allocates.
    public var shops: [ShopID] { Array(firstTopics.keys) }

    /// Calls `body` for every subscriber of a shop, in no order. O(subscribers + retained frames).
    public func forEachSubscriber(of shop: ShopID, _ body: (ConnectionID) -> Void) {
        var index = firstTopics[shop] ?? .null
        while !index.isNull {
            let topic = topics[index]
            for place in 0..<topic.current.count { body(topic.current[place]) }
            if !topic.log.isNull { forEachTrailing(of: topic.log, body) }
            index = topic.next
        }
    }

    /// The shops with the most subscribers, in descending order; at most `countMax` of them. O(shops × log `countMax`)
    /// and allocates: for a scrape of metrics.
    public func topShops(countMax: Int) -> [(shop: ShopID, subscriberCount: Int)] {
        if countMax <= 0 { return [] }
        var top: [(shop: ShopID, subscriberCount: Int)] = []
        top.reserveCapacity(min(countMax, firstTopics.count) + 1)
        for (shop, first) in firstTopics {
            let count = subscriberCount(from: first)
            if count == 0 { continue }
            if top.count == countMax, count <= top[countMax - 1].subscriberCount { continue }
            var low = 0
            var high = top.count
            while low < high {
                let middle = (low + high) / 2
                if top[middle].subscriberCount >= count { low = middle + 1 } else { high = middle }
            }
            top.insert((shop, count), at: low)
            if top.count > countMax { top.removeLast() }
        }
        return top
    }

    private func subscriberCount(from first: SlabIndex<Topic>) -> Int {
        var index = first
        var count = 0
        while !index.isNull {
            count += recipientCount(index)
            index = topics[index].next
        }
        return count
    }

    private func forEachTrailing(of log: SlabIndex<TopicLog>, _ body: (ConnectionID) -> Void) {
        for number in logs[log].head.frame...logs[log].tail.frame {
            let frame = logs[log].frames[number]
            for first in [frame.firstBlocked, frame.firstMoving] {
                var subscriber = first
                while !subscriber.isNull {
                    body(trailing[subscriber].connection)
                    subscriber = trailing[subscriber].frameNext
                }
            }
        }
    }
}
