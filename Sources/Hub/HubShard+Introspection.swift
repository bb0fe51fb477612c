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
        topShops(countMax: countMax, rank: \.subscriberCount) { first in
            let count = subscriberCount(from: first)
            return count == 0 ? nil : count
        } element: { shop, _, count in
            (shop, count)
        }
    }

    /// The shops with the most recent deliveries, then with the most subscribers, in descending order; at most `countMax`
    /// of them. `now` is on the clock of `flush`. O(shops × log `countMax`) and allocates: for the live view.
    public func busiestShops(countMax: Int, at now: MonotonicInstant) -> [BusyShop] {
        let period = Topic.deliveryPeriod(at: now)
        return topShops(countMax: countMax, rank: \.busyness) { first in
            busyness(from: first, in: period)
        } element: { shop, first, busyness in
            BusyShop(shop: shop, busyness: busyness, deliveredFrameCount: deliveredFrameCount(from: first))
        }
    }

    /// The shops of the highest ranks, in descending order. Those without a rank are left out.
    @inline(__always)
    private func topShops<Rank: Comparable, Element>(
        countMax: Int, rank: (Element) -> Rank, rankOfTopics: (SlabIndex<Topic>) -> Rank?,
        element: (ShopID, SlabIndex<Topic>, Rank) -> Element
    ) -> [Element] {
        if countMax <= 0 { return [] }
        var top: [Element] = []
        top.reserveCapacity(min(countMax, firstTopics.count) + 1)
        for (shop, first) in firstTopics {
            guard let shopRank = rankOfTopics(first) else { continue }
            if top.count == countMax, shopRank <= rank(top[countMax - 1]) { continue }
            var low = 0
            var high = top.count
            while low < high {
                let middle = (low + high) / 2
                if rank(top[middle]) >= shopRank { low = middle + 1 } else { high = middle }
            }
            top.insert(element(shop, first, shopRank), at: low)
            if top.count > countMax { top.removeLast() }
        }
        return top
    }

    /// Nil for a shop without subscribers.
    private func busyness(from first: SlabIndex<Topic>, in period: UInt32) -> Busyness? {
        var rank = Busyness(recentDeliveries: 0, subscriberCount: 0)
        var index = first
        while !index.isNull {
            rank.recentDeliveries += topics[index].recentDeliveries(in: period)
            rank.subscriberCount += recipientCount(index)
            index = topics[index].next
        }
        return rank.subscriberCount == 0 ? nil : rank
    }

    private func deliveredFrameCount(from first: SlabIndex<Topic>) -> UInt64 {
        var index = first
        var count: UInt64 = 0
        while !index.isNull {
            count += topics[index].deliveredFrameCount
            index = topics[index].next
        }
        return count
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

/// A shop among those with the most recent deliveries.
public struct BusyShop: Hashable, Sendable {
    /// The shop.
    public let shop: ShopID
    /// Compares shops of all shards.
    public let busyness: Busyness
    /// Frames that were sent completely to a subscriber. Begins at 0 again when a shop had no subscriber in an encoding.
    public let deliveredFrameCount: UInt64

    /// The figures of `shop`.
    public init(shop: ShopID, busyness: Busyness, deliveredFrameCount: UInt64) {
        self.shop = shop
        self.busyness = busyness
        self.deliveredFrameCount = deliveredFrameCount
    }
}

/// How busy a shop is: by its recent deliveries, then by its subscribers.
public struct Busyness: Hashable, Comparable, Sendable {
    /// A number that is compared only: half of it is left after some 9 s.
    public internal(set) var recentDeliveries: UInt64
    /// The number of subscribers, in all encodings.
    public internal(set) var subscriberCount: Int

    /// A value of this order.
    public init(recentDeliveries: UInt64, subscriberCount: Int) {
        self.recentDeliveries = recentDeliveries
        self.subscriberCount = subscriberCount
    }

    /// Whether `left` is less busy than `right`.
    public static func < (left: Self, right: Self) -> Bool {
        (left.recentDeliveries, left.subscriberCount) < (right.recentDeliveries, right.subscriberCount)
    }
}
