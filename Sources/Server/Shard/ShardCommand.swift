import Broker
import Primitives
import Sessions

/// A command from one shard to another, carried by the mailbox of the other's reactor.
enum ShardCommand: Sendable {
    /// To the shard that counts the user: a stream ended, or was never opened.
    case releaseSlot(ReservedSlot)
    /// To the shard that counts the user, where newer streams replace older ones: the stream is open.
    case streamOpened(ReservedSlot)
    /// To the shard that owns the stream's shop: a newer stream has its slot.
    case replaceStream(StreamTicket)
    /// To the shard that counts the address: one of its connections ended.
    case releaseAddress(PeerAddress)
    /// To the shard that counts the user: a request ended, or what it took is returned.
    case userLimit(UserLimitChange)
    /// To every shard: memberships were made, changed or ended.
    case membershipsChanged(MembershipScope)
    /// To the first shard: another shard could not read memberships that changed.
    case recheckMemberships(MembershipScope)
    /// To the shard that owns the shop: another writer changed a message.
    case brokerReported(BrokerEvent)
    /// To every other shard: the first shard's check of the store has a new result.
    case readinessChanged(ReadinessCheck.State)
    /// To every shard: the server will stop soon.
    case announceStop
    /// To every shard: the server is stopping.
    case drain
    /// To every shard: one shard that drains has no connection left.
    case drained

    /// Whether the command may be dropped once no shard has a connection left.
    var isDispensableAfterDrain: Bool {
        switch self {
        case .releaseSlot, .streamOpened, .replaceStream, .releaseAddress, .userLimit, .membershipsChanged,
            .recheckMemberships, .brokerReported, .readinessChanged:
            true
        case .announceStop, .drain, .drained: false
        }
    }
}

/// What a request took of its user's limits, on its way back to the shard that counts the user.
enum UserLimitChange: Sendable {
    case ended(UserLimits.Activity, UserLimits.User)
    case writeReturned(UserLimits.User)
    case uploadReturned(byteCount: Int, UserLimits.User)
}
