import Primitives

// Shops come into being with their first subscriber and go with their last.
extension HubShard {
    /// The channel of a shop in one encoding. One hash of the identifier.
    func channel(of shop: ShopID, _ encoding: StreamEncoding) -> SlabIndex<Channel>? {
        guard var index = firstChannels[shop] else { return nil }
        while !index.isNull {
            if channels[index].encoding == encoding { return index }
            index = channels[index].next
        }
        return nil
    }

    /// The same, made when there is none.
    mutating func openChannel(of shop: ShopID, _ encoding: StreamEncoding) -> SlabIndex<Channel> {
        if let channel = channel(of: shop, encoding) { return channel }
        let index = channels.insert(Channel(encoding: encoding))
        precondition(index.raw < SubscriberSlot.channelBound, "a subscriber's slot names its channel in 24 bits")
        if let first = firstChannels[shop] {
            channels[index].next = channels[first].next
            channels[first].next = index
        } else {
            firstChannels[shop] = index
        }
        if Int(index.raw) < shopsByChannel.count {
            shopsByChannel[Int(index.raw)] = shop
        } else {
            precondition(Int(index.raw) == shopsByChannel.count, "channels are numbered from 0")
            shopsByChannel.append(shop)
        }
        return index
    }

    /// Ends the channel when nobody is subscribed to it and it has no log.
    mutating func releaseChannelIfUnused(_ index: SlabIndex<Channel>) {
        guard channels[index].members.count == 0, channels[index].log.isNull else { return }
        guard let shop = shopsByChannel[Int(index.raw)], let first = firstChannels[shop] else {
            preconditionFailure("a channel has a shop")
        }
        let next = channels[index].next
        if first != index {
            var previous = first
            while channels[previous].next != index { previous = channels[previous].next }
            channels[previous].next = next
        } else if next.isNull {
            firstChannels[shop] = nil
        } else {
            firstChannels[shop] = next
        }
        shopsByChannel[Int(index.raw)] = nil
        channels.remove(index)
        if firstChannels.isEmpty { forgetChannelStorage() }
    }

    /// The number of subscribers that a message in this channel goes to. O(1).
    func recipientCount(_ channel: SlabIndex<Channel>) -> Int {
        let log = channels[channel].log
        return channels[channel].members.count + (log.isNull ? 0 : logs[log].laggingCount)
    }

    /// The channel's log, opened when it has none.
    mutating func openLog(_ channel: SlabIndex<Channel>) -> SlabIndex<ChannelLog> {
        if !channels[channel].log.isNull { return channels[channel].log }
        let log = logs.insert(ChannelLog(channel: channel, flush: flushNumber, pool: &pool))
        channels[channel].log = log
        return log
    }

    /// The last shop is gone: what the tables of a crowd take goes as well.
    private mutating func forgetChannelStorage() {
        firstChannels = [:]
        shopsByChannel = []
    }
}
