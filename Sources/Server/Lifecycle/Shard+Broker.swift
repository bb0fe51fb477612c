import API
import Broker
import Chat
import Hub
import Logging
import Primitives
import Reactor
import Storage

// What other nodes and other writers did. The first shard's broker receives it for the node, and the shard sends each
// change to the shop's owner, which publishes it after all that it has published before.

extension Shard: BrokerObserver {
    func brokerReported(_ event: BrokerEvent) {
        if case .nodeLock(let status) = event { return nodeLockChanged(status) }
        // No client has a stream open before the shards know each other.
        guard !directory.isEmpty, !drainProgress.isDrained else { return }
        switch event {
        case .messageCreated(let message), .messageEdited(let message):
            send(.brokerReported(event), to: directory.ownerIndex(of: message.shopID))
        case .messageDeleted(_, let shop): send(.brokerReported(event), to: directory.ownerIndex(of: shop))
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

    /// Publishes a change that the broker reported; on the shop's owner.
    func publish(_ event: BrokerEvent) {
        switch event {
        case .messageCreated(let message): publish(message) { .messageCreated($0) }
        case .messageEdited(let message): publish(message) { .messageEdited($0) }
        case .messageDeleted(let id, let shop):
            publishInOrder(.messageDeleted(id, in: shop), to: shop, in: awaitedTraces.take(id))
        case .membershipsChanged, .missed, .nodeLock: break
        }
    }

    private func publish(_ message: Message, as event: (Message) -> ChatEvent) {
        // The shop's own times must stay after all times that were seen. Otherwise a client that catches up by time
        // misses messages.
        shops[message.shopID]?.advance(past: message.changedAt, at: civilTime)
        let trace = awaitedTraces.take(message.id)
        guard trace != nil || hub.subscriberCount(of: message.shopID) > 0 else { return }
        publishInOrder(event(shown(message)), to: message.shopID, in: trace)
    }

    /// Publishes after our own writes that are in flight, whose times are earlier: a client that catches up from this
    /// change must have received them. When the broker orders the changes, it reports our own writes in their turn.
    private func publishInOrder(_ event: ChatEvent, to shopID: ShopID, in trace: TraceContext?) {
        let event = encoded(event, in: trace)
        guard !storage.broker.ordersChanges, let shop = shops[shopID] else { return publish(event, to: shopID) }
        for event in shop.endChange(shop.enterChange(), event) { publish(event, to: shopID) }
    }
}
