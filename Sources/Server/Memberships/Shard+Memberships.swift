import Auth
import Chat
import Hub
import Logging
import Primitives
import Reactor
import Sessions
import Storage
import WebSocket

// Who may do what in a shop, and how its end is noticed. REST asks the cache, which is seconds old at most; open streams
// end when the store tells that their user's membership is gone. One shard asks the store what changed and tells the
// others.

extension Shard {
    /// What the user may do in the shop; throws when it is no member. A shop that does not exist looks the same.
    @discardableResult
    func requireMembership(of user: UserID, in shop: ShopID) async throws(APIError) -> ShopRole {
        guard let role = try await role(of: user, in: shop) else { throw .notMember }
        return role
    }

    /// What the user may do in the shop, nil for nothing.
    func role(of user: UserID, in shop: ShopID) async throws(APIError) -> ShopRole? {
        if let role = memberships.role(of: user, in: shop, at: reactor.now) { return role }
        do throws(StorageError) {
            let version = memberships.version
            guard let role = try await storage.store.role(of: user, in: shop) else { return nil }
            memberships.remember(role, of: user, in: shop, lookedUpAt: version, at: reactor.now)
            return role
        } catch {
            throw storageFailure(error)
        }
    }

    // MARK: - Watching

    /// A notification said that memberships changed: the log is read soon. On the first shard.
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

    /// Asks the store what changed, and tells every shard. On the first shard, in each round of housekeeping and after
    /// notifications; one that overlaps another tells a change twice at worst.
    func tellMembershipChanges() async {
        do throws(StorageError) {
            let answer = try await storage.store.membershipChanges(after: memberships.position)
            for scope in memberships.changesRead(answer) { tell(scope) }
        } catch {
            // The next round asks again from the same position; what was missed meanwhile is in its answer.
            _ = storageFailure(error)
        }
        for scope in memberships.takeDueRechecks() { tell(scope) }
    }

    /// Tells every shard, now and once more when the streams stand that are being admitted meanwhile. On the first
    /// shard.
    func tellMembershipsChanged(_ scope: MembershipScope) {
        tell(scope)
        memberships.recheck(scope)
    }

    private func tell(_ scope: MembershipScope) {
        for index in directory.members.indices { send(.membershipsChanged(scope), to: index) }
    }

    /// Memberships changed: what is remembered of them is forgotten, and the streams end whose users' are gone.
    func membershipsChanged(_ scope: MembershipScope) {
        memberships.changed(scope)
        let shops: [ShopID] =
            switch scope {
            case .user(let change): [change.shopID]
            case .shop(let shop): [shop]
            case .everybody: Array(hub.shops)
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

    /// What could not be looked at is looked at again: a change is told once, and its streams must not outlive it.
    private func recheck(_ scope: MembershipScope, after error: StorageError) {
        _ = storageFailure(error)
        if !drainProgress.isDraining { send(.recheckMemberships(scope), to: 0) }
    }

    /// Closes those streams of a shop that are not kept.
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
