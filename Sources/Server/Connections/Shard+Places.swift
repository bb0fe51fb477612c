import Auth
import Primitives
import Reactor
import WebSocket

// A user's places: so many streams over all shops and reactors, counted on the shard that owns the user's hash. A stream
// over the limit is refused; with `WEBSOCKET_OVER_LIMIT=replace` it takes over the place of the user's oldest one, which
// is closed with 4409.

/// One of a user's places, as it travels with a connection.
struct ReservedPlace: Sendable {
    let place: ConnectionLimiter.Place
    /// The shard that gave it.
    let owner: UInt16
    /// Its rank among the user's streams, where streams are replaced.
    let ticket: StreamTicket?
}

extension Shard {
    /// A place for a stream of the shop; nil when the user has none left.
    func reservePlace(for user: UserID, in shop: ShopID) async -> ReservedPlace? {
        let shopOwner = owner(of: shop).index
        return await onShard(owner(of: user)) { shard in shard.takePlace(user, shopOwner) }
    }

    private func takePlace(_ user: UserID, _ shopOwner: Int) -> ReservedPlace? {
        let replaces = configuration.stream.overLimit == .replace
        if let place = places.reserve(user) {
            let ticket = replaces ? streamOrder.append(place, counter: index, shard: shopOwner) : nil
            return ReservedPlace(place: place, owner: UInt16(index), ticket: ticket)
        }
        let place = ConnectionLimiter.Place(of: user)
        guard replaces, let oldest = streamOrder.removeOldest(of: place) else { return nil }
        post(.replaceStream(oldest), to: Int(oldest.shard))
        return ReservedPlace(
            place: place, owner: UInt16(index), ticket: streamOrder.append(place, counter: index, shard: shopOwner))
    }

    /// Returns a place whose stream ended, or was not opened after all.
    func release(_ reserved: ReservedPlace) {
        if let ticket = reserved.ticket {
            post(.releaseTicket(ticket, reserved.place), to: Int(reserved.owner))
        } else {
            post(.releasePlace(reserved.place), to: Int(reserved.owner))
        }
    }

    /// A stream ended whose user this shard counts. One that was replaced has no place any more.
    func ticketReleased(_ ticket: StreamTicket, _ place: ConnectionLimiter.Place) {
        if streamOrder.remove(ticket, of: place) { places.release(place) }
    }

    /// A stream was opened. One that was replaced on its way here is closed now: the order to do so found it nowhere.
    func streamOpened(_ ticket: StreamTicket, _ place: ConnectionLimiter.Place) {
        if !streamOrder.contains(ticket, of: place) { post(.replaceStream(ticket), to: Int(ticket.shard)) }
    }

    /// Closes the stream of this shard that has the ticket, if it is open.
    func replaceStream(_ ticket: StreamTicket) {
        guard let connection = streamTickets.connection(of: ticket) else { return }
        closeStream(connection, .replaced, reason: .replaced, text: "replaced")
    }
}
