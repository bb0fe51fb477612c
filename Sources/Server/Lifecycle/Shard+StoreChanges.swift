import Hub
import Primitives
import Reactor
import Storage

// What others change in the database: the first shard hears of it for the node and passes it to the shop's owner, who
// broadcasts it behind what it has broadcast before.

extension Shard: StoreChangeObserver {
    func storeChanged(_ change: StoreChange) {
        // Nobody has a stream open before the shards know each other.
        guard !peers.isEmpty, !isDraining else { return }
        switch change {
        case .messageCreated(let message), .messageEdited(let message):
            post(.storeChanged(change), to: owner(of: message.shopID).index)
        case .messageDeleted(_, let shop): post(.storeChanged(change), to: owner(of: shop).index)
        // The log of changes tells which, after a gap too.
        case .membershipsChanged, .missed: hintMemberships()
        }
    }

    /// Broadcasts a change that somebody else made, on the shop's owner.
    func broadcast(_ change: StoreChange) {
        switch change {
        case .messageCreated(let message): broadcast(.messageCreated, message)
        case .messageEdited(let message): broadcast(.messageEdited, message)
        case .messageDeleted(let id, let shop):
            var writer = JSONWriter()
            writer.deletion(of: id, in: shop)
            publishInOrder(Publication(event: .messageDeleted, json: writer.bytes), to: shop)
        case .membershipsChanged, .missed: break
        }
    }

    private func broadcast(_ event: Publication.Event, _ message: Storage.Message) {
        // Who catches up by time misses nothing only while the shop's own times stay behind all that were seen.
        clocks[message.shopID]?.advance(past: message.changedAt, at: civilTime)
        guard hub.subscriberCount(of: message.shopID) > 0 else { return }
        var writer = JSONWriter()
        writer.message(message, includesUsername: configuration.stream.includesUsername)
        publishInOrder(Publication(event: event, json: writer.bytes), to: message.shopID)
    }

    /// Behind our own writes that are under way, whose times are earlier: who catches up from this change must have
    /// been told of them.
    private func publishInOrder(_ publication: Publication, to shop: ShopID) {
        guard let ticket = clocks[shop]?.enter() else {
            publish(publication, to: shop)
            return
        }
        endChange(in: shop, ticket, publication)
    }
}
