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

    /// Asks the store what changed, and tells every shard. On the first shard, in each round of housekeeping.
    func tellMembershipChanges() async {
        do throws(StorageError) {
            let known = membershipPosition
            let answer = try await store.membershipChanges(after: known)
            membershipPosition = answer.position
            if known != nil, answer.isIncomplete {
                for peer in peers { post(.membershipsUnknown, to: peer.index) }
            }
            for change in Set(answer.changes) {
                tell(change)
                membershipRechecks.append((housekeepingRound + ServerLimits.membershipRecheckRounds, change))
            }
        } catch {
            // The next round asks again from the same position; what was missed meanwhile is in its answer.
            _ = storageFailure(error)
        }
        // A stream that was being admitted when its membership ended stands by now.
        while let first = membershipRechecks.first, first.round <= housekeepingRound {
            membershipRechecks.removeFirst()
            tell(first.change)
        }
    }

    private func tell(_ change: MembershipChange) {
        for peer in peers { post(.membershipChanged(change), to: peer.index) }
    }

    /// A membership changed: what is remembered of it is forgotten, and its user's streams end if it is gone.
    func membershipChanged(_ change: MembershipChange) {
        memberships.forget(change)
        membershipVersion += 1
        guard owner(of: change.shopID) === self else { return }
        Task(executorPreference: reactor) { await self.endStreams(of: change) }
    }

    private func endStreams(of change: MembershipChange) async {
        guard hub.subscriberCount(of: change.shopID) > 0 else { return }
        do throws(StorageError) {
            guard try await store.role(of: change.userID, in: change.shopID) == nil else { return }
        } catch {
            _ = storageFailure(error)
            return
        }
        endStreams(of: change.shopID) { place in !place.belongs(to: change.userID) }
    }

    /// More memberships changed than are known: all that this shard holds are looked at.
    func membershipsUnknown() {
        memberships.forgetAll()
        membershipVersion += 1
        Task(executorPreference: reactor) {
            for shop in self.hub.shops {
                do throws(StorageError) {
                    let members = try await self.store.members(of: shop)
                    let places = Set(members.map { ConnectionLimiter.Place(of: $0.userID) })
                    self.endStreams(of: shop) { places.contains($0) }
                } catch {
                    if error.kind == .notFound { self.endStreams(of: shop) { _ in false } }
                }
            }
        }
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
