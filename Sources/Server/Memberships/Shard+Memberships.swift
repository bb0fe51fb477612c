import API
import Auth
import Chat
import Hub
import Logging
import Primitives
import Reactor
import Sessions
import Storage
import WebSocket

// How the server notices that a membership ended. Requests ask the cache, which is seconds old at most. Open streams end
// when the store reports that their user's membership ended. One shard asks the store for changes and notifies the
// others.

extension Shard {
    /// A notification said that memberships changed: schedules a read of the log. On the first shard.
    func hintMemberships() {
        if let time = memberships.hinted(at: reactor.now) {
            schedule(.membershipLook, at: time)
        }
    }

    func membershipLookFired() {
        guard !drainProgress.isDraining else { return }
        memberships.lookBegan()
        Task(executorPreference: reactor) {
            await self.tellMembershipChanges()
            if let time = self.memberships.lookEnded(at: self.reactor.now) {
                self.schedule(.membershipLook, at: time)
            }
        }
    }

    /// Asks the store what changed, and notifies every shard. On the first shard, in each round of housekeeping and
    /// after notifications. When two calls overlap, a change may be notified twice.
    func tellMembershipChanges() async {
        do throws(StorageError) {
            let answer = try await storage.store.membershipChanges(after: memberships.position)
            for scope in memberships.changesRead(answer) { tell(scope) }
        } catch {
            // The next round asks again from the same position, so its answer includes what this one missed.
            reportStorageFailure(error)
        }
        for scope in memberships.takeDueRechecks() { tell(scope) }
    }

    /// Notifies every shard, now and again when the streams that are being admitted meanwhile are open. On the first
    /// shard.
    func tellMembershipsChanged(_ scope: MembershipScope) {
        tell(scope)
        memberships.recheck(scope)
    }

    private func tell(_ scope: MembershipScope) {
        for index in directory.members.indices { send(.membershipsChanged(scope), to: index) }
    }

    /// Memberships changed: drops what is cached of them, and ends the streams whose users are no longer members.
    func membershipsChanged(_ scope: MembershipScope) {
        memberships.changed(scope)
        let shops: [ShopID] =
            switch scope {
            case .user(let change): [change.shopID]
            case .shop(let shop): [shop]
            case .all: Array(hub.shops)
            }
        let watched = shops.filter { owner(of: $0) === self && hub.subscriberCount(of: $0) > 0 }
        guard !watched.isEmpty else { return }
        Task(executorPreference: reactor) {
            for shop in watched {
                if case .user(let change) = scope {
                    await self.endStreams(of: change)
                } else {
                    await self.endStreams(of: shop)
                }
            }
        }
    }

    private func endStreams(of change: MembershipChange) async {
        do throws(StorageError) {
            guard try await storage.store.role(of: change.userID, in: change.shopID) == nil else { return }
            endStreams(of: change.shopID) { slot in !slot.belongs(to: change.userID) }
        } catch {
            recheck(.user(change), after: error)
        }
    }

    private func endStreams(of shop: ShopID) async {
        do throws(StorageError) {
            let members = try await storage.store.members(of: shop)
            let slots = Set(members.map { StreamQuota.Slot(of: $0.userID) })
            endStreams(of: shop) { slots.contains($0) }
        } catch {
            guard error.kind != .notFound else { return endStreams(of: shop) { _ in false } }
            recheck(.shop(shop), after: error)
        }
    }

    /// Checks again after a failure: a change is notified once, and its streams must not outlive it.
    private func recheck(_ scope: MembershipScope, after error: StorageError) {
        reportStorageFailure(error)
        if !drainProgress.isDraining { send(.recheckMemberships(scope), to: 0) }
    }

    /// Closes the streams of a shop that are not kept.
    private func endStreams(of shop: ShopID, keeping isKept: (StreamQuota.Slot) -> Bool) {
        var ended: [ConnectionID] = []
        hub.forEachSubscriber(of: shop) { connection in
            if let slot = streams.withValue(connection, { $0.slot }), !isKept(slot) { ended.append(connection) }
        }
        for connection in ended {
            closeStream(connection, .membershipEnded)
        }
    }
}
