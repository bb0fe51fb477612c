package import Primitives

/// A shop's one clock and its order of publication, on the reactor that owns the shop.
///
/// Each change takes a later microsecond than all before it, and changes are published in the order of these times,
/// whatever the order in which the store finishes. A value without I/O; time is an argument.
package struct ShopClock {
    /// The latest time given out, or found in the store when the shop was first used.
    private var latest: Timestamp
    private var nextTicket: UInt64 = 0
    private var nextPublished: UInt64 = 0
    /// Changes that wait for an earlier one, by ticket; nil: the write failed.
    private var waiting: [UInt64: EncodedEvent?] = [:]

    /// A clock that goes on from `latest`.
    package init(latest: Timestamp) {
        self.latest = latest
    }

    /// Whether no write is in flight, so that the clock may be forgotten and read from the store again.
    package var isIdle: Bool { nextTicket == nextPublished }

    /// The time of the next change and its place in the order. Each ticket must be given to `finish`.
    package mutating func begin(at now: Timestamp) -> (time: Timestamp, ticket: UInt64) {
        latest = max(now, latest.successor)
        return (latest, enter())
    }

    /// The place in the order of a change that has its time already.
    package mutating func enter() -> UInt64 {
        defer { nextTicket += 1 }
        return nextTicket
    }

    /// Another writer's change was seen, with this time: ours come after it, unless it lies after the horizon.
    package mutating func advance(past time: Timestamp, at now: Timestamp) {
        if time <= Self.horizon(at: now) { latest = max(latest, time) }
    }

    /// The latest time of another writer that moves a clock: a minute ahead of the server's own. A row that is dated
    /// later is a mistake, and times that went on from it could not come back.
    package static func horizon(at now: Timestamp) -> Timestamp { now.advanced(byMicroseconds: 60_000_000) }

    /// Tells the outcome of a write (what is to be published, or nil when it failed); returns what is to be published
    /// now, in order.
    package mutating func finish(_ ticket: UInt64, _ event: EncodedEvent?) -> [EncodedEvent] {
        precondition(ticket >= nextPublished && ticket < nextTicket, "a ticket that was not given out")
        waiting[ticket] = .some(event)
        var ready: [EncodedEvent] = []
        while let result = waiting.removeValue(forKey: nextPublished) {
            nextPublished += 1
            if let event = result { ready.append(event) }
        }
        return ready
    }
}
