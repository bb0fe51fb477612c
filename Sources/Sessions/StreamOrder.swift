package import Auth
package import Primitives

/// A user's stream in the order in which the quota slots were reserved. Both the shard that counts the user and the
/// shard that owns the stream's shop know it. Only with `WEBSOCKET_OVER_LIMIT=replace`.
package struct StreamTicket: Hashable, Sendable {
    /// A number that is unique on the shard that issued it.
    package let number: UInt64
    /// The shard that counts the user.
    package let counter: UInt16
    /// The shard that owns the stream's shop.
    package let shard: UInt16

    package init(number: UInt64, counter: UInt16, shard: UInt16) {
        self.number = number
        self.counter = counter
        self.shard = shard
    }
}

/// A user's quota slot, which moves with a connection between shards.
package struct ReservedSlot: Hashable, Sendable {
    package let slot: StreamQuota.Slot
    /// The shard that counts the user.
    package let counter: UInt16
    /// The stream's position in the order of the user's streams; nil unless newer streams replace older ones.
    package let ticket: StreamTicket?

    package init(slot: StreamQuota.Slot, counter: UInt16, ticket: StreamTicket?) {
        self.slot = slot
        self.counter = counter
        self.ticket = ticket
    }
}

/// The streams of the users that a shard counts, oldest first, so that a stream over the limit can replace the oldest
/// one.
///
/// A value on the shard that counts the user, so that a race has one outcome. It has as many tickets as the quota has
/// reserved slots. O(streams of the user), of which there are few.
struct StreamOrder {
    private var tickets: [StreamQuota.Slot: [StreamTicket]] = [:]
    private var lastNumber: UInt64 = 0

    /// The number of users with streams.
    var userCount: Int { tickets.count }

    /// Adds the user's newest stream, whose slot was reserved.
    mutating func append(_ slot: StreamQuota.Slot, counter: Int, shard: Int) -> StreamTicket {
        lastNumber += 1
        let ticket = StreamTicket(number: lastNumber, counter: UInt16(counter), shard: UInt16(shard))
        tickets[slot, default: []].append(ticket)
        return ticket
    }

    /// Removes the user's oldest stream. The next stream takes over its slot.
    mutating func removeOldest(of slot: StreamQuota.Slot) -> StreamTicket? {
        guard let oldest = tickets[slot]?.first else { return nil }
        _ = remove(oldest, of: slot)
        return oldest
    }

    /// Removes a stream that ended; returns false when another stream replaced it and holds its slot.
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

/// The open streams on the shard that owns their shops, by their tickets.
package struct StreamTickets {
    private var connections: [StreamTicket: ConnectionID] = [:]
    private var tickets: [ConnectionID: StreamTicket] = [:]

    /// The number of streams with tickets.
    package var count: Int { tickets.count }

    package init() {}

    package mutating func insert(_ ticket: StreamTicket, of connection: ConnectionID) {
        connections[ticket] = connection
        tickets[connection] = ticket
    }

    /// The stream with the ticket; nil when it is not on this shard, or has ended.
    package func connection(of ticket: StreamTicket) -> ConnectionID? { connections[ticket] }

    package mutating func remove(_ connection: ConnectionID) -> StreamTicket? {
        guard let ticket = tickets.removeValue(forKey: connection) else { return nil }
        connections[ticket] = nil
        return ticket
    }
}
