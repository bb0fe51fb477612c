public import Chat
public import Primitives
internal import Storage

// The shop's clock: each change begins with a time and a ticket, and is published in the order of the tickets.

extension ShopOwner {
    /// The time of a change and its ticket in the order of the shop. Each ticket must be passed to `endChange`.
    public func beginChange(in shop: ShopID) async throws(APIError) -> (time: Timestamp, ticket: UInt64) {
        try await requireWritability(in: shop)
        try await requireClock(of: shop)
        return shops.beginChange(in: shop, at: civilTime)
    }

    /// Waits for the lock of a node that shares its database with no other: the node that holds it advances the clock.
    private func requireWritability(in shop: ShopID) async throws(APIError) {
        guard let postgres = store as? PostgresStore else { return }
        do throws(StorageError) {
            try await postgres.waitUntilWritable(in: shop)
        } catch {
            throw storageFailure(error)
        }
    }

    /// Opens the shop's clock, unless it is open. It continues from the latest change in the store up to its horizon.
    private func requireClock(of shop: ShopID) async throws(APIError) {
        guard !shops.isOpen(shop) else { return }
        let horizon = ShopClock.horizon(at: civilTime)
        let latest = try await stored { (store) async throws(StorageError) in
            try await store.latestChange(in: shop, upTo: horizon)
        }
        shops.open(shop, latestChange: latest)
    }

    /// The change was stored, or failed (nil): publishes what is now in order.
    public func endChange(in shop: ShopID, _ ticket: UInt64, _ event: EncodedEvent?) {
        // When the database orders the changes of a shop, its listener publishes this node's changes with the others'.
        let event = isOrderedByBroker ? nil : event
        for event in shops.endChange(in: shop, ticket, event) { publish(event, to: shop) }
    }
}
