import Synchronization

/// Whether this node may write: it holds the lock that says which nodes use the tables.
///
/// The lock is an advisory one of the listener's session, so it is lost with that connection, and another node may take
/// it. The listener says what it knows; every store of the node keeps its writes back until the lock is held again, as
/// long as a write may wait. Reads go on. Any thread.
public final class NodeLock: Sendable {
    /// What is known of the lock.
    public enum Status: UInt8, Sendable, AtomicRepresentable {
        /// The listener's connection does not stand, or has not asked yet: another node may hold it.
        case unknown
        /// Another node holds it.
        case taken
        /// This node holds it, alone or with others that share.
        case held
    }

    private struct Observer: Sendable {
        weak var client: PostgresClient?
    }

    private let current = Atomic<Status>(.unknown)
    private let observers = Mutex<[Observer]>([])

    /// A lock that is not held yet.
    public init() {}

    /// What is known now. One atomic load.
    public var status: Status { current.load(ordering: .acquiring) }

    /// Whether this node may write.
    public var isHeld: Bool { status == .held }

    /// The listener learned the status. True when it is another one than before.
    @discardableResult
    func learned(_ status: Status) -> Bool {
        guard current.exchange(status, ordering: .acquiringAndReleasing) != status else { return false }
        let clients = observers.withLock { observers in
            observers.removeAll { $0.client == nil }
            return observers.compactMap(\.client)
        }
        for client in clients { client.nodeLockChanged() }
        return true
    }

    /// Tells a pool of every change from now on.
    func observe(_ client: PostgresClient) {
        observers.withLock { $0.append(Observer(client: client)) }
        client.nodeLockChanged()
    }
}
