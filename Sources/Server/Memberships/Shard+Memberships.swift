import Auth
import Hub
import Logging
import Primitives
import Reactor
import Storage
import WebSocket

// Who may do what in a shop, and how its end is noticed. REST asks the cache, which is seconds old at most; open streams
// end when the store tells that their user's membership is gone. One shard asks the store what changed and tells the
// others.

extension Shard {
    /// What the user may do in the shop; throws when it is no member. A shop that does not exist looks the same.
    @discardableResult
    func requireMembership(of user: UserID, in shop: ShopID) async throws(APIError) -> Storage.Role {
        guard let role = try await role(of: user, in: shop) else { throw .notMember }
        return role
    }

    /// What the user may do in the shop, nil for nothing.
    func role(of user: UserID, in shop: ShopID) async throws(APIError) -> Storage.Role? {
        if let role = memberships.role(of: user, in: shop, at: reactor.now) { return role }
        do throws(StorageError) {
            // A change that is told while the store looks makes the answer too old to be kept.
            let version = membershipVersion
            guard let role = try await store.role(of: user, in: shop) else { return nil }
            if version == membershipVersion { memberships.remember(role, of: user, in: shop, at: reactor.now) }
            return role
        } catch {
            throw storageFailure(error)
        }
    }

    // MARK: - Watching

    /// A notification said that memberships changed: the log is read soon. On the first shard.
    func hintMemberships() {
        if let time = membershipLooks.hinted(at: reactor.now) {
            schedule(.membershipLook, at: time)
        }
    }

    func membershipLookFired() {
        guard !isDraining else { return }
        membershipLooks.began()
        Task(executorPreference: reactor) {
            await self.tellMembershipChanges()
            if let time = self.membershipLooks.ended(at: self.reactor.now) {
                self.schedule(.membershipLook, at: time)
            }
        }
    }

    /// Asks the store what changed, and tells every shard. On the first shard, in each round of housekeeping and after
    /// notifications; one that overlaps another tells a change twice at worst.
    func tellMembershipChanges() async {
        do throws(StorageError) {
            let known = membershipPosition
            let answer = try await store.membershipChanges(after: known)
            membershipPosition = answer.position
            if known != nil, answer.isIncomplete { tellMembershipsChanged(.everybody) }
            for change in Set(answer.changes) { tellMembershipsChanged(.user(change)) }
        } catch {
            // The next round asks again from the same position; what was missed meanwhile is in its answer.
            _ = storageFailure(error)
        }
        let due = membershipRechecks.filter { $0.value <= housekeepingRound }
        for scope in due.keys {
            membershipRechecks[scope] = nil
            tell(scope)
        }
    }

    /// Tells every shard, now and once more when the streams stand that are being admitted meanwhile. On the first
    /// shard.
    func tellMembershipsChanged(_ scope: MembershipScope) {
        tell(scope)
        recheckMemberships(scope)
    }

    /// Tells every shard some rounds from now. On the first shard.
    func recheckMemberships(_ scope: MembershipScope) {
        membershipRechecks[scope] = housekeepingRound + ServerLimits.membershipRecheckRounds
    }

    private func tell(_ scope: MembershipScope) {
        for peer in peers { post(.membershipsChanged(scope), to: peer.index) }
    }

    /// Memberships changed: what is remembered of them is forgotten, and the streams end whose users' are gone.
    func membershipsChanged(_ scope: MembershipScope) {
        membershipVersion += 1
        let shops: [ShopID]
        switch scope {
        case .user(let change):
            memberships.forget(change)
            shops = [change.shopID]
        case .shop(let shop):
            memberships.forgetAll()
            shops = [shop]
        case .everybody:
            memberships.forgetAll()
            shops = Array(hub.shops)
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
            guard try await store.role(of: change.userID, in: change.shopID) == nil else { return }
            endStreams(of: change.shopID) { place in !place.belongs(to: change.userID) }
        } catch {
            recheck(.user(change), after: error)
        }
    }

    private func endStreams(of shop: ShopID) async {
        do throws(StorageError) {
            let members = try await store.members(of: shop)
            let places = Set(members.map { ConnectionLimiter.Place(of: $0.userID) })
            endStreams(of: shop) { places.contains($0) }
        } catch {
            guard error.kind != .notFound else { return endStreams(of: shop) { _ in false } }
            recheck(.shop(shop), after: error)
        }
    }

    /// What could not be looked at is looked at again: a change is told once, and its streams must not outlive it.
    private func recheck(_ scope: MembershipScope, after error: StorageError) {
        _ = storageFailure(error)
        if !isDraining { post(.recheckMemberships(scope), to: 0) }
    }

    /// Closes those streams of a shop that are not kept.
    private func endStreams(of shop: ShopID, keeping isKept: (ConnectionLimiter.Place) -> Bool) {
        var ended: [ConnectionID] = []
        hub.forEachSubscriber(of: shop) { connection in
            if let place = streams.withValue(connection, { $0.place }), !isKept(place) { ended.append(connection) }
        }
        for connection in ended {
            closeStream(connection, .membershipEnded, reason: .membershipEnded, text: "no longer a member")
        }
    }
}
