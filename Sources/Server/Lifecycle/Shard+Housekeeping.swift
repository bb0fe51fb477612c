import API
import Auth
import Primitives
import Reactor
import Sessions
import Storage

// Periodic work that no request triggers. The first shard does it for all.

extension Shard {
    /// Starts the rounds, the first of them at once. On the first shard only.
    func startHousekeeping() {
        guard index == 0 else { return }
        schedule(.housekeeping, at: reactor.now)
        schedule(.readiness, at: reactor.now)
    }

    func housekeepingFired() {
        guard !drainProgress.isDraining else { return }
        Task(executorPreference: reactor) {
            await self.keepHouse()
            // A period after the end of the round, so that a slow store never has two rounds in flight.
            self.schedule(.housekeeping, at: self.reactor.now + ServerLimits.housekeepingPeriod)
        }
    }

    /// Drops the tokens, attempts and counts that have expired, and releases their memory.
    private func forgetExpired() {
        authenticator.removeExpired(now: civilTime)
        userLimits.removeExpired(at: reactor.now)
        addressLimits.removeExpired(at: reactor.now)
    }

    /// Searches for orphaned images beside the rounds, one search at a time: it may take long, and the rounds must not
    /// wait.
    private func startOrphanSearch() {
        guard storage.orphanSearch.begin(at: reactor.now) else { return }
        Task(executorPreference: reactor) {
            await self.removeOrphanedImages()
            self.storage.orphanSearch.ended()
        }
    }

    /// One round.
    func keepHouse() async {
        // While another server uses the store, a bounded number of calls may wait for it: leave them to requests.
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
