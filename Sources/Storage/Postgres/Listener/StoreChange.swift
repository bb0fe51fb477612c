import Chat
import Primitives

/// A change by another writer, as the store reports it to its observer.
public enum StoreChange: Sendable, Equatable {
    /// Another writer created a message, or this node did with an unknown outcome.
    case messageCreated(Message)
    /// Another writer edited a message, or this node did with an unknown outcome.
    case messageEdited(Message)
    /// Another writer deleted a message, or this node did with an unknown outcome.
    case messageDeleted(MessageID, ShopID)
    /// Memberships may have changed: `membershipChanges` returns which.
    case membershipsChanged
    /// Notifications were lost, so memberships may have changed too. The missed changes of messages follow.
    case missed
    /// The status of the lock by which the node may write: lost, acquired by another node, or held again.
    case nodeLock(NodeLock.Status)
}

/// The observer of changes. Called on the listener's loop, in the order of the commits.
public protocol StoreChangeObserver: AnyObject {
    /// A change was made.
    func storeChanged(_ change: StoreChange)
}
