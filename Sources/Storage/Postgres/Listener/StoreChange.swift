import Primitives

/// What others changed in the store, as it tells those that listen.
public enum StoreChange: Sendable, Equatable {
    /// Somebody else wrote a message, or we did and were not told.
    case messageCreated(Message)
    /// The same for an edit.
    case messageEdited(Message)
    /// The same for a deletion.
    case messageDeleted(MessageID, ShopID)
    /// A membership was made, ended or given another role, by whomever.
    case membershipChanged(ShopID, UserID)
    /// Changes were lost: any membership may be another. What became of messages meanwhile follows.
    case missed
}

/// Who is told of changes. Called on the listener's loop, in the order of the commits.
public protocol StoreChangeObserver: AnyObject {
    /// Something changed.
    func storeChanged(_ change: StoreChange)
}
