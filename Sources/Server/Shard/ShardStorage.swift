import Reactor
import Storage

/// A shard's store and image store, and what the shard knows of them.
struct ShardStorage<IO: Driver> {
    let store: any Store
    let images: any ImageStore
    /// The reactor as the loop of sockets that are not clients', such as the store's connections.
    let socketLoop: ReactorSocketLoop<IO>
    /// Receives the changes that other writers make in the database. On the first shard only.
    var listener: PostgresListener?
    /// The last result of the check, from which `/readyz` is answered.
    var readiness = ReadinessCheck()
    var messageTotals = MessageTotals(shopCountMax: ServerLimits.messageTotalShopCountMax)

    var orphanSearch: OrphanSearch

    /// - Parameter orphanSeconds: Seconds after which an image that no message names is removed.
    init(
        store: any Store, images: any ImageStore, orphanSeconds: Int, socketLoop: ReactorSocketLoop<IO>
    ) {
        orphanSearch = OrphanSearch(orphanSeconds: orphanSeconds)
        self.store = store
        self.images = images
        self.socketLoop = socketLoop
    }

    /// The store of a server that takes over from another; nil for any other.
    var takeover: TakeoverStore? { store as? TakeoverStore }

    /// Whether the store is open for this server: false while another server uses it.
    var isOpen: Bool { takeover?.isOpen ?? true }

    /// Whether this node may write; nil when the store has no such lock.
    var nodeLock: NodeLock? { (store as? PostgresStore)?.nodeLock }
}
