package import Chat
package import Primitives
package import Storage

/// What a broker reports to its observer.
package enum BrokerEvent: Sendable, Equatable {
    /// Another writer created a message, or this node did with an unknown outcome.
    case messageCreated(Message)
    /// Another writer edited a message, or this node did with an unknown outcome.
    case messageEdited(Message)
    /// Another writer deleted a message, or this node did with an unknown outcome.
    case messageDeleted(MessageID, ShopID)
    /// Memberships may have changed: `membershipChanges` of the store returns which.
    case membershipsChanged
    /// Events were lost, so memberships may have changed too. The missed changes of messages follow.
    case missed
    /// The status of the lock by which the node may write: lost, acquired by another node, or held again.
    case nodeLock(NodeLock.Status)
}
