import Primitives

/// What others changed in the store, as it tells those that listen.
public enum StoreChange: Sendable, Equatable {
    /// Somebody else wrote a message.
    case messageCreated(Message)
    /// Somebody else edited a message.
    case messageEdited(Message)
    /// Somebody else deleted a message.
    case messageDeleted(MessageID, ShopID)
    /// A membership was made, ended or given another role, by whomever.
    case membershipChanged(ShopID, UserID)
    /// Changes were lost: any membership may be another, and messages may be gone. Messages that were written or edited
    /// meanwhile follow, unless there are more than `Limits.pageMessageCountMax`.
    case missed
}

/// Who is told of changes. Called on the listener's loop, in the order of the commits.
public protocol StoreChangeObserver: AnyObject {
    /// Something changed.
    func storeChanged(_ change: StoreChange)
}
