import Auth
import Primitives
import Reactor
import Sessions
import WebSocket

// A user's quota slots bound the user's streams over all shops and reactors. The shard that owns the user's hash counts
// them. A stream over the limit is refused; with `WEBSOCKET_OVER_LIMIT=replace` it takes the slot of the user's oldest
// stream, which is closed with 4409.

extension Shard {
    /// A slot for a stream of the shop; nil when the user has none left.
    func reserveSlot(for user: UserID, in shop: ShopID) async -> ReservedSlot? {
        let shopOwner = directory.ownerIndex(of: shop)
        return await onShard(owner(of: user)) { shard in shard.takeSlot(user, shopOwner) }
    }

    private func takeSlot(_ user: UserID, _ shopOwner: Int) -> ReservedSlot? {
        switch userLimits.reserveSlot(for: user, shopOwner: shopOwner) {
        case .refused: return nil
        case .reserved(let reserved): return reserved
        case .replaced(let oldest, let reserved):
            send(.replaceStream(oldest), to: Int(oldest.shard))
            return reserved
        }
    }

    /// Releases the slot of a stream that ended, or was never opened.
    func release(_ reserved: ReservedSlot) { send(.releaseSlot(reserved), to: Int(reserved.counter)) }

    /// A stream was opened. If it was replaced during its transfer, it is closed now: the command to close it did not
    /// find it on its shard.
    func streamOpened(_ reserved: ReservedSlot) {
        guard let ticket = reserved.ticket, userLimits.isReplaced(reserved) else { return }
        send(.replaceStream(ticket), to: Int(ticket.shard))
    }

    /// Closes the stream of this shard that has the ticket, if it is open.
    func replaceStream(_ ticket: StreamTicket) {
        guard let connection = streams.tickets.connection(of: ticket) else { return }
        closeStream(connection, .replaced)
    }
}
