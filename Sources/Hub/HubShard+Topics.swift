import Primitives

// A topic exists from its first subscriber until its last one has left and its log has ended.
extension HubShard {
    /// The topic of a shop in one encoding. One hash of the identifier.
    func topic(of shop: ShopID, _ encoding: StreamEncoding) -> SlabIndex<Topic>? {
        guard var index = firstTopics[shop] else { return nil }
        while !index.isNull {
            if topics[index].encoding == encoding { return index }
            index = topics[index].next
        }
        return nil
    }

    /// The same; creates the topic when there is none.
    mutating func openTopic(of shop: ShopID, _ encoding: StreamEncoding) -> SlabIndex<Topic> {
        if let topic = topic(of: shop, encoding) { return topic }
        let index = topics.insert(Topic(encoding: encoding))
        precondition(index.raw < SubscriberSlot.topicBound, "a subscriber's slot names its topic in 24 bits")
        if let first = firstTopics[shop] {
            topics[index].next = topics[first].next
            topics[first].next = index
        } else {
            firstTopics[shop] = index
        }
        if Int(index.raw) < shopsByTopic.count {
            shopsByTopic[Int(index.raw)] = shop
        } else {
            precondition(Int(index.raw) == shopsByTopic.count, "topics are numbered from 0")
            shopsByTopic.append(shop)
        }
        return index
    }

    /// Releases the topic when it has no subscribers and no log.
    mutating func releaseTopicIfUnused(_ index: SlabIndex<Topic>) {
        guard topics[index].current.count == 0, topics[index].log.isNull else { return }
        guard let shop = shopsByTopic[Int(index.raw)], let first = firstTopics[shop] else {
            preconditionFailure("a topic has a shop")
        }
        let next = topics[index].next
        if first != index {
            var previous = first
            while topics[previous].next != index { previous = topics[previous].next }
            topics[previous].next = next
        } else if next.isNull {
            firstTopics[shop] = nil
        } else {
            firstTopics[shop] = next
        }
        shopsByTopic[Int(index.raw)] = nil
        topics.remove(index)
        if firstTopics.isEmpty { releaseTopicStorage() }
    }

    /// The number of subscribers that receive a message in this topic. O(1).
    func recipientCount(_ topic: SlabIndex<Topic>) -> Int {
        let log = topics[topic].log
        return topics[topic].current.count + (log.isNull ? 0 : logs[log].trailingCount)
    }

    /// The topic's log; opens it when there is none.
    mutating func openLog(_ topic: SlabIndex<Topic>) -> SlabIndex<TopicLog> {
        if !topics[topic].log.isNull { return topics[topic].log }
        let log = logs.insert(TopicLog(topic: topic, flush: flushNumber, pool: &pool))
        topics[topic].log = log
        return log
    }

    /// The last shop has ended: release the tables, which may be large after many subscribers.
    private mutating func releaseTopicStorage() {
        firstTopics = [:]
        shopsByTopic = []
    }
}
