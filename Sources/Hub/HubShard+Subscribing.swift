public import Primitives

extension HubShard {
    /// Subscribes a connection: every message published to the shop in this encoding from now on goes to it, and none
    /// from before.
    ///
    /// `connection` is not subscribed. O(1), one hash of the shop; allocates when tables grow.
    public mutating func subscribe(
        _ connection: ConnectionID, to shop: ShopID, encoding: StreamEncoding = .plain
    ) -> SubscribeResult {
        subscribe(connection, to: shop, encoding: encoding, prefix: Span())
    }

    /// The same with bytes that go out before any message: the answer to the handshake. They are copied, and at most
    /// `HubLimits.prefixByteCountMax`.
    public mutating func subscribe(
        _ connection: ConnectionID, to shop: ShopID, encoding: StreamEncoding = .plain, prefix: Span<UInt8>
    ) -> SubscribeResult {
        precondition(slots.isFree(connection.slot), "the slot's last connection is still subscribed")
        precondition(connection.generation < ConnectionID.generationBound, "generations are 24 bits")
        precondition(prefix.count <= limits.prefixByteCountMax, "the prefix is too long")
        if let countMax = limits.shopSubscriberCountMax, subscriberCount(of: shop) >= countMax { return .shopFull }
        let channel = openChannel(of: shop, encoding)
        subscriberCount += 1
        if prefix.isEmpty {
            let log = channels[channel].log
            if log.isNull {
                append(connection, to: channel)
                return .subscribed
            }
            if join(connection, channel, at: logs[log].tail.offset) { return .subscribed }
        }
        let log = openLog(channel)
        let laggard = openLaggard(connection, log, at: logs[log].tail, state: .ready)
        laggards[laggard].outbox.append(prefix, pool: &pool)
        return .subscribed
    }

    /// Ends a subscription and frees its slot; false when there is none. O(1) amortised.
    ///
    /// What a send under way reports afterwards is ignored; the slot is used again after `submitted`.
    @discardableResult
    public mutating func unsubscribe(_ connection: ConnectionID) -> Bool {
        guard let slot = slots[connection] else { return false }
        silence(connection, slot)
        slots.remove(connection)
        return true
    }

    /// The I/O could not send to the connection: nothing more is, and the subscription counts no longer. Stands in for
    /// the send's report. `unsubscribe` is still due. O(1) amortised.
    public mutating func sendFailed(_ connection: ConnectionID) {
        guard let slot = slots[connection] else { return }
        end(connection, slot)
    }

    /// Silences a subscriber and waits for its `unsubscribe`.
    mutating func end(_ connection: ConnectionID, _ slot: SubscriberSlot) {
        silence(connection, slot)
        slots.set(.ended, for: connection)
    }

    private mutating func silence(_ connection: ConnectionID, _ slot: SubscriberSlot) {
        switch slot.state {
        case .member:
            let log = channels[slot.channel].log
            removeMember(Int(slot.place), from: slot.channel)
            subscriberCount -= 1
            if log.isNull { releaseChannelIfUnused(slot.channel) } else { settle(log) }
        case .lagging:
            closeLaggard(slot.laggard)
        case .ended:
            break
        }
    }
}

// MARK: - Members

extension HubShard {
    /// Makes `connection` a member when the members, or those that the pass has served, stand at `offset`. O(1).
    mutating func join(_ connection: ConnectionID, _ channel: SlabIndex<Channel>, at offset: UInt64) -> Bool {
        let log = channels[channel].log
        if offset == logs[log].cursor.offset {
            append(connection, to: channel)
            return true
        }
        guard offset == logs[log].passTarget.offset else { return false }
        let boundary = logs[log].servedCount
        append(connection, to: channel)
        swapMembers(boundary, channels[channel].members.count - 1, of: channel)
        logs[log].servedCount = boundary + 1
        return true
    }

    /// Appends a member to those that the pass has yet to reach. O(1) amortised.
    mutating func append(_ connection: ConnectionID, to channel: SlabIndex<Channel>) {
        let place = UInt32(channels[channel].members.count)
        channels[channel].members.append(connection)
        slots.set(SubscriberSlot(state: .member, channel: channel, place: place), for: connection)
    }

    /// Takes a member out; its slot is the caller's to write. O(1) amortised.
    mutating func removeMember(_ place: Int, from channel: SlabIndex<Channel>) {
        var hole = place
        let log = channels[channel].log
        if !log.isNull, place < logs[log].servedCount {
            // The hole moves to the end of those that the pass has served, and that end one down.
            let lastServed = logs[log].servedCount - 1
            moveMember(from: lastServed, to: hole, of: channel)
            hole = lastServed
            logs[log].servedCount = lastServed
        }
        moveMember(from: channels[channel].members.count - 1, to: hole, of: channel)
        channels[channel].members.removeLast()
    }

    private mutating func swapMembers(_ first: Int, _ second: Int, of channel: SlabIndex<Channel>) {
        let connection = channels[channel].members[first]
        moveMember(from: second, to: first, of: channel)
        setMember(connection, at: second, of: channel)
    }

    private mutating func moveMember(from source: Int, to target: Int, of channel: SlabIndex<Channel>) {
        if source == target { return }
        setMember(channels[channel].members[source], at: target, of: channel)
    }

    private mutating func setMember(_ connection: ConnectionID, at place: Int, of channel: SlabIndex<Channel>) {
        channels[channel].members[place] = connection
        slots.set(SubscriberSlot(state: .member, channel: channel, place: UInt32(place)), for: connection)
    }
}

/// What became of a subscription.
public enum SubscribeResult: Hashable, Sendable {
    /// It stands: every message published from now on is delivered, none from before.
    case subscribed
    /// The shop has as many subscribers as it may; nothing was changed.
    case shopFull
}
