import Chat
import Hub
import Logging
import Primitives
import Reactor
import Storage

// Changes that other writers made in the database. The first shard receives them for the node and sends each to the
// shop's owner, which publishes it after all that it has published before.

extension Shard: StoreChangeObserver {
    func storeChanged(_ change: StoreChange) {
        if case .nodeLock(let status) = change { return nodeLockChanged(status) }
        // No client has a stream open before the shards know each other.
        guard !directory.isEmpty, !drainProgress.isDraining else { return }
        switch change {
        case .messageCreated(let message), .messageEdited(let message):
            send(.storeChanged(change), to: directory.ownerIndex(of: message.shopID))
        case .messageDeleted(_, let shop): send(.storeChanged(change), to: directory.ownerIndex(of: shop))
        // The log of changes lists them, after a gap too.
        case .membershipsChanged, .missed: hintMemberships()
        case .nodeLock: break
        }
    }

    /// Logs why writes wait. Each pool of the node follows the lock by itself.
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

    /// Publishes a change that another writer made; on the shop's owner.
    func publish(_ change: StoreChange) {
        switch change {
        case .messageCreated(let message): publish(message) { .messageCreated($0) }
        case .messageEdited(let message): publish(message) { .messageEdited($0) }
        case .messageDeleted(let id, let shop): publishInOrder(.messageDeleted(id, in: shop), to: shop)
        case .membershipsChanged, .missed, .nodeLock: break
        }
    }

    private func publish(_ message: Chat.Message, as event: (Chat.Message) -> ChatEvent) {
        // The shop's own times must stay after all times that were seen. Otherwise a client that catches up by time
        // misses messages.
        shops.advance(message.shopID, past: message.changedAt, at: civilTime)
        guard hub.subscriberCount(of: message.shopID) > 0 else { return }
        publishInOrder(event(shown(message)), to: message.shopID)
    }

    /// Publishes after our own writes that are in flight, whose times are earlier: a client that catches up from this
    /// change must have received them.
    private func publishInOrder(_ event: ChatEvent, to shop: ShopID) {
        let event = encoded(event)
        guard !isOrderedByDatabase, let ticket = shops.enterChange(in: shop) else { return publish(event, to: shop) }
        endChange(in: shop, ticket, event)
    }
}
