import Synchronization

/// Whether this node may write: it must hold the lock that records which nodes use the tables.
///
/// The lock is an advisory lock of the session of the node's broker. It is lost with that connection, and another node
/// may then acquire it. The broker reports what it knows. Until the lock is held again, every store of the node holds
/// writes back, for as long as a write may wait. Reads continue. Any thread.
public final class NodeLock: Sendable {
    /// What is known about the lock.
    public enum Status: UInt8, Sendable, AtomicRepresentable {
        /// The broker is not connected or has not asked yet: another node may hold the lock.
        case unknown
        /// Another node holds it.
        case taken
        /// This node holds it, alone or shared with other nodes.
        case held
    }

    private struct Observer: Sendable {
        weak var client: PostgresClient?
    }

    private let current = Atomic<Status>(.unknown)
    private let observers = Mutex<[Observer]>([])

    /// Creates a lock that is not held yet.
    public init() {}

    /// The current status. One atomic load.
    public var status: Status { current.load(ordering: .acquiring) }

    /// Whether this node may write.
    public var isHeld: Bool { status == .held }

    /// Records the status that the broker learned. Returns true when it changed.
    @discardableResult
    package func learned(_ status: Status) -> Bool {
        guard current.exchange(status, ordering: .acquiringAndReleasing) != status else { return false }
        let clients = observers.withLock { observers in
            observers.removeAll { $0.client == nil }
            return observers.compactMap(\.client)
        }
        for client in clients { client.nodeLockChanged() }
        return true
    }

    /// Notifies a pool of every change from now on.
    func observe(_ client: PostgresClient) {
        observers.withLock { $0.append(Observer(client: client)) }
        client.nodeLockChanged()
    }
}
