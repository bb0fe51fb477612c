import Hub
import Logging
import Primitives
import Reactor
import Storage

// What others change in the database: the first shard hears of it for the node and passes it to the shop's owner, who
// broadcasts it behind what it has broadcast before.

extension Shard: StoreChangeObserver {
    func storeChanged(_ change: StoreChange) {
        if case .nodeLock(let status) = change { return nodeLockChanged(status) }
        // Nobody has a stream open before the shards know each other.
        guard !directory.isEmpty, !drainProgress.isDraining else { return }
        switch change {
        case .messageCreated(let message), .messageEdited(let message):
            send(.storeChanged(change), to: directory.ownerIndex(of: message.shopID))
        case .messageDeleted(_, let shop): send(.storeChanged(change), to: directory.ownerIndex(of: shop))
        // The log of changes tells which, after a gap too.
        case .membershipsChanged, .missed: hintMemberships()
        case .nodeLock: break
        }
    }

    /// Says why writes wait. Each pool of the node follows the lock by itself.
    private func nodeLockChanged(_ status: NodeLock.Status) {
        switch status {
        case .held: environment.log.notice("this node holds the database's lock: it writes")
        case .unknown:
            environment.log.warning(
                "the database's lock is lost with the listener's connection: writes wait until it is held again")
        case .taken:
            environment.log.error(
                "another node holds the database's lock: this one writes nothing and is not ready",
                metadata: ["remedy": "end the other node, or set SHOPSTREAM_POSTGRES_SHARED=true for each"])
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
        case .membershipsChanged, .missed, .nodeLock: break
        }
    }

    private func broadcast(_ event: Publication.Event, _ message: Storage.Message) {
        // Who catches up by time misses nothing only while the shop's own times stay behind all that were seen.
        shops.advance(message.shopID, past: message.changedAt, at: civilTime)
        guard hub.subscriberCount(of: message.shopID) > 0 else { return }
        var writer = JSONWriter()
        writer.message(shown(message), format: environment.configuration.messageFormat)
        publishInOrder(Publication(event: event, json: writer.bytes), to: message.shopID)
    }

    /// Behind our own writes that are under way, whose times are earlier: who catches up from this change must have
    /// been told of them.
    private func publishInOrder(_ publication: Publication, to shop: ShopID) {
        guard !isOrderedByDatabase, let ticket = shops.enterChange(in: shop) else {
            publish(publication, to: shop)
            return
        }
        endChange(in: shop, ticket, publication)
    }
}
