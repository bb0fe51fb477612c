import Auth
import Primitives
import Reactor
import Sessions
import Storage

// What is to be done every now and then, whether or not anybody asks; the first shard does it for all.

extension Shard {
    /// Starts the rounds, the first of them at once; on the first shard only.
    func startHousekeeping() {
        guard index == 0 else { return }
        schedule(.housekeeping, at: reactor.now)
        schedule(.readiness, at: reactor.now)
    }

    func housekeepingFired() {
        guard !drainProgress.isDraining else { return }
        Task(executorPreference: reactor) {
            await self.keepHouse()
            // A period after the round's end: a slow store is not asked twice at once.
            self.schedule(.housekeeping, at: self.reactor.now + ServerLimits.housekeepingPeriod)
        }
    }

    /// Gives back what tokens and attempts take that no longer count.
    private func forgetExpired() {
        authenticator.removeExpired(now: civilTime)
        userLimits.removeExpired(at: reactor.now)
        addressLimits.removeExpired(at: reactor.now)
    }

    /// Looks for orphaned images beside the rounds, one search at a time: it may take long, and they must not wait.
    private func startOrphanSearch() {
        guard storage.orphanSearch.begin(at: reactor.now) else { return }
        Task(executorPreference: reactor) {
            await self.removeOrphanedImages()
            self.storage.orphanSearch.ended()
        }
    }

    /// One round.
    func keepHouse() async {
        // While another server uses the store, the room of the calls that wait for it is the requests'.
        let isStoreOpen = storage.isOpen
        if isStoreOpen {
            await tellMembershipChanges()
            await storage.store.maintain()
        }
        for peer in directory.members { await onShard(peer) { shard in shard.forgetExpired() } }
        guard isStoreOpen else { return }
        startOrphanSearch()
        memberships.roundEnded()
    }
}
