public import Primitives

extension HubShard {
    /// Subscribes a connection: it receives every message published to the shop in this encoding from now on, and none
    /// published before.
    ///
    /// `connection` must not be subscribed. O(1), one hash of the shop; allocates when tables grow.
    public mutating func subscribe(
        _ connection: ConnectionID, to shop: ShopID, encoding: StreamEncoding = .plain
    ) -> SubscribeResult {
        subscribe(connection, to: shop, encoding: encoding, prefix: Span())
    }

    /// The same with bytes that are sent before any message: the response to the handshake. They are copied; at most
    /// `HubLimits.prefixByteCountMax` bytes.
    public mutating func subscribe(
        _ connection: ConnectionID, to shop: ShopID, encoding: StreamEncoding = .plain, prefix: Span<UInt8>
    ) -> SubscribeResult {
        precondition(slots.isFree(connection.slot), "the slot's last connection is still subscribed")
        precondition(connection.generation < ConnectionID.generationBound, "generations are 24 bits")
        precondition(prefix.count <= limits.prefixByteCountMax, "the prefix is too long")
        if let countMax = limits.shopSubscriberCountMax, subscriberCount(of: shop) >= countMax { return .shopFull }
        let topic = openTopic(of: shop, encoding)
        subscriberCount += 1
        if prefix.isEmpty {
            let log = topics[topic].log
            if log.isNull {
                append(connection, to: topic)
                return .subscribed
            }
            if join(connection, topic, at: logs[log].tail.offset) { return .subscribed }
        }
        let log = openLog(topic)
        let subscriber = openTrailing(connection, log, at: logs[log].tail, state: .ready)
        trailing[subscriber].outbox.append(prefix, pool: &pool)
        return .subscribed
    }

    /// Ends a subscription and frees its slot; false when there is none. O(1) amortised.
    ///
    /// A later report of its send in flight is ignored. The slot may be reused after `submitted`.
    @discardableResult
    public mutating func unsubscribe(_ connection: ConnectionID) -> Bool {
        guard let slot = slots[connection] else { return false }
        silence(connection, slot)
        slots.remove(connection)
        return true
    }

    /// A send to the connection failed. Nothing more is sent to it, and it no longer counts as a subscriber. Replaces
    /// the report of the send. The caller must still call `unsubscribe`. O(1) amortised.
    public mutating func sendFailed(_ connection: ConnectionID) {
        guard let slot = slots[connection] else { return }
        end(connection, slot)
    }

    /// Stops all sends to a subscriber and keeps its slot until its `unsubscribe`.
    mutating func end(_ connection: ConnectionID, _ slot: SubscriberSlot) {
        silence(connection, slot)
        slots.set(.ended, for: connection)
    }

    private mutating func silence(_ connection: ConnectionID, _ slot: SubscriberSlot) {
        switch slot.state {
        case .current:
            let log = topics[slot.topic].log
            removeCurrent(Int(slot.place), from: slot.topic)
            subscriberCount -= 1
            if log.isNull { releaseTopicIfUnused(slot.topic) } else { trim(log) }
        case .trailing:
            closeTrailing(slot.trailing)
        case .ended:
            break
        }
    }
}

// MARK: - Current subscribers

extension HubShard {
    /// Makes `connection` a current subscriber when `offset` is the shared cursor, or the target of the sweep, which
    /// the served subscribers have reached. False at any other offset. O(1).
    mutating func join(_ connection: ConnectionID, _ topic: SlabIndex<Topic>, at offset: UInt64) -> Bool {
        let log = topics[topic].log
        if offset == logs[log].cursor.offset {
            append(connection, to: topic)
            return true
        }
        guard offset == logs[log].sweepTarget.offset else { return false }
        let boundary = logs[log].servedCount
        append(connection, to: topic)
        swapCurrent(boundary, topics[topic].current.count - 1, of: topic)
        logs[log].servedCount = boundary + 1
        return true
    }

    /// Appends a current subscriber that the sweep has yet to serve. O(1) amortised.
    mutating func append(_ connection: ConnectionID, to topic: SlabIndex<Topic>) {
        let place = UInt32(topics[topic].current.count)
        topics[topic].current.append(connection)
        slots.set(SubscriberSlot(state: .current, topic: topic, place: place), for: connection)
    }

    /// Removes a current subscriber; the caller writes its slot. O(1) amortised.
    mutating func removeCurrent(_ place: Int, from topic: SlabIndex<Topic>) {
        var hole = place
        let log = topics[topic].log
        if !log.isNull, place < logs[log].servedCount {
            // Fill the hole with the last subscriber that the sweep has served. The hole moves to that place.
            let lastServed = logs[log].servedCount - 1
            moveCurrent(from: lastServed, to: hole, of: topic)
            hole = lastServed
            logs[log].servedCount = lastServed
        }
        moveCurrent(from: topics[topic].current.count - 1, to: hole, of: topic)
        topics[topic].current.removeLast()
    }

    private mutating func swapCurrent(_ first: Int, _ second: Int, of topic: SlabIndex<Topic>) {
        let connection = topics[topic].current[first]
        moveCurrent(from: second, to: first, of: topic)
        setCurrent(connection, at: second, of: topic)
    }

    private mutating func moveCurrent(from source: Int, to target: Int, of topic: SlabIndex<Topic>) {
        if source == target { return }
        setCurrent(topics[topic].current[source], at: target, of: topic)
    }

    private mutating func setCurrent(_ connection: ConnectionID, at place: Int, of topic: SlabIndex<Topic>) {
        topics[topic].current[place] = connection
        slots.set(SubscriberSlot(state: .current, topic: topic, place: UInt32(place)), for: connection)
    }
}

/// The result of a subscription.
public enum SubscribeResult: Hashable, Sendable {
    /// Subscribed: every message published from now on is delivered, and none published before.
    case subscribed
    /// The shop has its maximum number of subscribers; nothing was changed.
    case shopFull
}
