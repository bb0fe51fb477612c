package import Auth
package import Primitives

/// A stream of a user in the order in which the quota slots were reserved: the shard that counts the user knows it, and
/// the shard that owns the stream's shop. Only with `WEBSOCKET_OVER_LIMIT=replace`.
package struct StreamTicket: Hashable, Sendable {
    /// Counted by the shard that issued it.
    package let number: UInt64
    /// The shard that counts the user …
    package let counter: UInt16
    /// … and the one that owns the stream's shop.
    package let shard: UInt16

    package init(number: UInt64, counter: UInt16, shard: UInt16) {
        self.number = number
        self.counter = counter
        self.shard = shard
    }
}

/// A user's quota slot, as it travels with a connection.
package struct ReservedSlot: Hashable, Sendable {
    package let slot: StreamQuota.Slot
    /// The shard that counts the user.
    package let counter: UInt16
    /// The stream's rank among the user's streams; nil unless newer streams replace older ones.
    package let ticket: StreamTicket?

    package init(slot: StreamQuota.Slot, counter: UInt16, ticket: StreamTicket?) {
        self.slot = slot
        self.counter = counter
        self.ticket = ticket
    }
}

/// The streams of the users that a shard counts, oldest first, so that a stream over the limit ends the oldest one.
///
/// A value on the shard that counts the user, so that a race has one outcome. It holds as many tickets as the quota has
/// slots taken. O(streams of the user), of which there are few.
struct StreamOrder {
    private var tickets: [StreamQuota.Slot: [StreamTicket]] = [:]
    private var lastNumber: UInt64 = 0

    /// The users that have streams.
    var userCount: Int { tickets.count }

    /// Adds the user's newest stream, whose slot was reserved.
    mutating func append(_ slot: StreamQuota.Slot, counter: Int, shard: Int) -> StreamTicket {
        lastNumber += 1
        let ticket = StreamTicket(number: lastNumber, counter: UInt16(counter), shard: UInt16(shard))
        tickets[slot, default: []].append(ticket)
        return ticket
    }

    /// Removes the user's oldest stream, whose slot the next one takes over.
    mutating func removeOldest(of slot: StreamQuota.Slot) -> StreamTicket? {
        guard let oldest = tickets[slot]?.first else { return nil }
        _ = remove(oldest, of: slot)
        return oldest
    }

    /// Removes a stream that ended; false when another stream replaced it and has its slot.
    mutating func remove(_ ticket: StreamTicket, of slot: StreamQuota.Slot) -> Bool {
        guard var rest = tickets[slot], let index = rest.firstIndex(of: ticket) else { return false }
        rest.remove(at: index)
        tickets[slot] = rest.isEmpty ? nil : rest
        return true
    }

    /// Whether a stream was not replaced.
    func contains(_ ticket: StreamTicket, of slot: StreamQuota.Slot) -> Bool {
        tickets[slot]?.contains(ticket) == true
    }
}

/// The open streams of the shard that owns their shops, by their tickets.
package struct StreamTickets {
    private var connections: [StreamTicket: ConnectionID] = [:]
    private var tickets: [ConnectionID: StreamTicket] = [:]

    /// The streams that have tickets.
    package var count: Int { tickets.count }

    package init() {}

    package mutating func insert(_ ticket: StreamTicket, of connection: ConnectionID) {
        connections[ticket] = connection
        tickets[connection] = ticket
    }

    /// The stream that has the ticket; nil when it is not here, or has ended.
    package func connection(of ticket: StreamTicket) -> ConnectionID? { connections[ticket] }

    package mutating func remove(_ connection: ConnectionID) -> StreamTicket? {
        guard let ticket = tickets.removeValue(forKey: connection) else { return nil }
        connections[ticket] = nil
        return ticket
    }
}
