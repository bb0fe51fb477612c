package import Primitives

/// A shop's one clock and its order of publication, on the reactor that owns the shop.
///
/// Each change takes a later microsecond than all before it. Changes are published in the order of these times, in
/// whatever order the store finishes. A value without I/O; the time is an argument.
package struct ShopClock {
    /// The latest time that was issued, or that the store had when the shop was opened.
    private var latest: Timestamp
    private var nextTicket: UInt64 = 0
    private var nextPublished: UInt64 = 0
    /// Changes that wait for an earlier one, by ticket; nil when the write failed.
    private var waiting: [UInt64: EncodedEvent?] = [:]

    /// Creates a clock that continues from `latest`.
    package init(latest: Timestamp) {
        self.latest = latest
    }

    /// Whether no write is in flight, so that the clock may be dropped and read from the store again.
    package var isIdle: Bool { nextTicket == nextPublished }

    /// The time of the next change, and its ticket in the order of publication. Each ticket must be passed to `finish`.
    package mutating func begin(at now: Timestamp) -> (time: Timestamp, ticket: UInt64) {
        latest = max(now, latest.successor)
        return (latest, enter())
    }

    /// The ticket of a change that already has its time.
    package mutating func enter() -> UInt64 {
        defer { nextTicket += 1 }
        return nextTicket
    }

    /// A change by another writer was seen, with this time. Later changes come after it, unless it is beyond the
    /// horizon.
    package mutating func advance(past time: Timestamp, at now: Timestamp) {
        if time <= Self.horizon(at: now) { latest = max(latest, time) }
    }

    /// The latest time of another writer that advances a clock: a minute ahead of the server's own. A row that is dated
    /// later is a mistake, and a clock that followed it could not go back.
    package static func horizon(at now: Timestamp) -> Timestamp { now.advanced(byMicroseconds: 60_000_000) }

    /// Reports the outcome of a write (what to publish, or nil when it failed). Returns what to publish now, in order.
    /// Allocates only when several writes are in flight.
    package mutating func finish(_ ticket: UInt64, _ event: EncodedEvent?) -> EventsInOrder {
        precondition(ticket >= nextPublished && ticket < nextTicket, "a ticket that was not given out")
        guard ticket == nextPublished else {
            waiting[ticket] = .some(event)
            return EventsInOrder()
        }
        nextPublished += 1
        var ready = EventsInOrder()
        if let event { ready.append(event) }
        while !waiting.isEmpty, let result = waiting.removeValue(forKey: nextPublished) {
            nextPublished += 1
            if let event = result { ready.append(event) }
        }
        return ready
    }
}

/// Events of a shop, to be published in this order. A single one takes no memory of its own.
public struct EventsInOrder: Sequence, IteratorProtocol, Sendable {
    private var first: EncodedEvent?
    private var rest: [EncodedEvent] = []
    private var restIndex = 0

    /// No events.
    init() {}

    /// Whether there are none left.
    public var isEmpty: Bool { first == nil && restIndex == rest.count }

    mutating func append(_ event: EncodedEvent) {
        if isEmpty { first = event } else { rest.append(event) }
    }

    /// Removes the first event and returns it; nil when there are none left.
    public mutating func next() -> EncodedEvent? {
        if let event = first.take() { return event }
        guard restIndex < rest.count else { return nil }
        restIndex += 1
        return rest[restIndex - 1]
    }
}
