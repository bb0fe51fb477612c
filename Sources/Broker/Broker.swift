/// What nodes tell each other, whatever carries it.
///
/// Each shard has a broker on its own thread: it is asked for each change, and what no store keeps would be sent from
/// there. The broker of the node's first shard begins and receives for the whole node: it reports what other nodes, and
/// other writers of a shared database, did. A broker that did not begin receives nothing. All calls are made on the
/// shard's thread.
package protocol Broker {
    /// Whether the order in which brokers report the changes of a shop is the order for all nodes.
    ///
    /// If so, a node publishes its own changes too when its broker reports them. If not, a node publishes its own
    /// changes itself, and its broker reports only those of other writers. The same for all brokers of a node. O(1).
    var ordersChanges: Bool { get }

    /// The figures for the metrics; nil for a broker that receives nothing.
    var statistics: BrokerStatistics? { get }

    /// Begins to receive, once. Does not retain `observer`.
    func begin(_ observer: any BrokerObserver)

    /// Ends what `begin` began, and reports nothing further. Has no effect on a broker that did not begin.
    func end()
}

/// The observer of a broker. Called on the thread of the broker's shard, in the order of the commits.
package protocol BrokerObserver: AnyObject {
    /// A change was made elsewhere, or the broker's own state changed.
    func brokerReported(_ event: BrokerEvent)
}

/// The state of a broker that receives.
package struct BrokerStatistics: Sendable, Equatable {
    /// Whether events are being received.
    package let isReceiving: Bool
    /// How often events may have been missed, and the changes were read from the store.
    package let gapCount: Int
    /// Notifications that no node and no trigger sends.
    package let refusedNotificationCount: Int
    /// Whether the node holds the lock that it needs to write.
    package let holdsNodeLock: Bool

    /// Creates statistics.
    package init(isReceiving: Bool, gapCount: Int, refusedNotificationCount: Int, holdsNodeLock: Bool) {
        self.isReceiving = isReceiving
        self.gapCount = gapCount
        self.refusedNotificationCount = refusedNotificationCount
        self.holdsNodeLock = holdsNodeLock
    }
}

/// The broker of a node that is alone: no other node, and no service, writes messages to its store (SQLite or memory). It
/// reports nothing, and the node orders its own changes.
package struct LocalBroker: Broker {
    /// Creates the broker.
    package init() {}

    /// False: the node orders its own changes.
    package var ordersChanges: Bool { false }
    /// Nil: it receives nothing.
    package var statistics: BrokerStatistics? { nil }
    /// Has no effect.
    package func begin(_ observer: any BrokerObserver) {}
    /// Has no effect.
    package func end() {}
}
