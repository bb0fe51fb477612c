import Auth
import Primitives

/// A stream of a user's in the order in which their places were reserved: known by the shard that counts the user, and
/// by the shard where the stream lives. Only with `WEBSOCKET_OVER_LIMIT=replace`.
struct StreamTicket: Hashable, Sendable {
    /// Counted by the shard that gave it.
    let number: UInt64
    /// The shard that counts the user …
    let counter: UInt16
    /// … and the one that owns the stream's shop.
    let shard: UInt16
}

/// The streams of the users that a shard counts, the oldest first, so that a stream over the limit ends the oldest one.
///
/// A value on the shard that counts the user, so that a race has one outcome. It holds as many tickets as the limiter
/// has places. O(streams of the user), of which there are few.
struct StreamOrder {
    private var tickets: [ConnectionLimiter.Place: [StreamTicket]] = [:]
    private var lastNumber: UInt64 = 0

    /// The users that have streams.
    var userCount: Int { tickets.count }

    /// Adds the user's newest stream, whose place was reserved.
    mutating func append(_ place: ConnectionLimiter.Place, counter: Int, shard: Int) -> StreamTicket {
        lastNumber += 1
        let ticket = StreamTicket(number: lastNumber, counter: UInt16(counter), shard: UInt16(shard))
        tickets[place, default: []].append(ticket)
        return ticket
    }

    /// Removes the user's oldest stream, whose place the next one takes over.
    mutating func removeOldest(of place: ConnectionLimiter.Place) -> StreamTicket? {
        guard let oldest = tickets[place]?.first else { return nil }
        _ = remove(oldest, of: place)
        return oldest
    }

    /// Removes a stream that ended; false when another had replaced it, and has its place.
    mutating func remove(_ ticket: StreamTicket, of place: ConnectionLimiter.Place) -> Bool {
        guard var rest = tickets[place], let index = rest.firstIndex(of: ticket) else { return false }
        rest.remove(at: index)
        tickets[place] = rest.isEmpty ? nil : rest
        return true
    }

    /// Whether a stream was not replaced.
    func contains(_ ticket: StreamTicket, of place: ConnectionLimiter.Place) -> Bool {
        tickets[place]?.contains(ticket) == true
    }
}

/// The streams of a shard by their tickets.
struct StreamTickets {
    private var connections: [StreamTicket: ConnectionID] = [:]
    private var tickets: [ConnectionID: StreamTicket] = [:]

    var count: Int { tickets.count }

    mutating func insert(_ ticket: StreamTicket, of connection: ConnectionID) {
        connections[ticket] = connection
        tickets[connection] = ticket
    }

    /// The stream that has the ticket, if it is here and has not ended.
    func connection(of ticket: StreamTicket) -> ConnectionID? { connections[ticket] }

    mutating func remove(_ connection: ConnectionID) -> StreamTicket? {
        guard let ticket = tickets.removeValue(forKey: connection) else { return nil }
        connections[ticket] = nil
        return ticket
    }
}
