import Chat
import Primitives

/// What others changed in the store, as it tells those that listen.
public enum StoreChange: Sendable, Equatable {
    /// Another writer made a message, or this node did and the outcome was unknown.
    case messageCreated(Message)
    /// The same for an edit.
    case messageEdited(Message)
    /// The same for a deletion.
    case messageDeleted(MessageID, ShopID)
    /// Memberships may have changed: `membershipChanges` tells which.
    case membershipsChanged
    /// Notifications were lost: memberships may have changed too. What changed of messages meanwhile follows.
    case missed
    /// The lock by which the node may write was lost, taken by another, or is held again.
    case nodeLock(NodeLock.Status)
}

/// Who is told of changes. Called on the listener's loop, in the order of the commits.
public protocol StoreChangeObserver: AnyObject {
    /// Something changed.
    func storeChanged(_ change: StoreChange)
}
