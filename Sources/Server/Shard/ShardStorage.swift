import API
import Broker
import Reactor
import Storage

/// A shard's store, broker and image store, and what the shard knows of them.
struct ShardStorage<IO: Driver> {
    let store: any Store
    let images: any ImageStore
    /// The reactor as the loop of sockets that are not clients', such as those of the store and the broker.
    let socketLoop: ReactorSocketLoop<IO>
    /// Reports what other nodes and other writers did. The first shard's broker receives for the node.
    let broker: any Broker
    /// The last result of the check, from which `/readyz` is answered.
    var readiness = ReadinessCheck()
    var messageTotals = MessageTotals(shopCountMax: API.Limits.messageTotalShopCountMax)

    var orphanSearch: OrphanSearch

    /// - Parameter orphanSeconds: Seconds after which an image that no message names is removed.
    init(
        store: any Store, images: any ImageStore, orphanSeconds: Int, socketLoop: ReactorSocketLoop<IO>,
        broker: any Broker
    ) {
        orphanSearch = OrphanSearch(orphanSeconds: orphanSeconds)
        self.store = store
        self.images = images
        self.socketLoop = socketLoop
        self.broker = broker
    }

    /// The store of a server that takes over from another; nil for any other.
    var takeover: TakeoverStore? { store as? TakeoverStore }

    /// Whether the store is open for this server: false while another server uses it.
    var isOpen: Bool { takeover?.isOpen ?? true }

    /// Whether this node may write; nil when the store has no such lock.
    var nodeLock: NodeLock? { (store as? PostgresStore)?.nodeLock }
}
