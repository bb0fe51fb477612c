import Primitives

/// The messages that one stream received, checked as they arrive: a part of the shop's one order without a gap,
/// from the handshake's answer on.
struct ObservedStream {
    private let shop: String
    private let ledger: Ledger
    /// Messages that were answered before the stream was asked for: none of them may come.
    private let answeredBefore: Int
    /// Messages that were stored when the handshake's answer was first seen: all later ones must come.
    private var storedAtBegin: Int?
    /// The place of the first message that came, and the place after the last.
    private var received: Range<Int>?
    /// The client did something that ends a stream, perhaps without a close frame.
    var mayEndSilently = false

    init(shop: String, ledger: Ledger) {
        self.shop = shop
        self.ledger = ledger
        answeredBefore = ledger.answeredCount(shop)
    }

    /// The place of the first message that came, or that will come.
    var first: Int { received?.lowerBound ?? storedAtBegin ?? 0 }
    /// The place after the last message that came.
    var next: Int { received?.upperBound ?? storedAtBegin ?? 0 }

    var isBegun: Bool { storedAtBegin != nil }

    mutating func begin() { storedAtBegin = ledger.storedCount(shop) }

    mutating func receive(_ message: WireMessage) {
        ledger.count("deliveries")
        let name = Ledger.name(message.text)
        guard let place = ledger.place(of: message.text) else {
            ledger.violate("\(name) was delivered and not stored")
            return
        }
        ledger.trace.note(5, place.index)
        ledger.expect(
            message.shop == shop && place.shop == shop, "\(name) of \(place.shop) reached a stream of \(shop)")
        ledger.expect(
            ledger.times(of: place.shop)[place.index].rfc3339 == message.createdAt, "\(name) has another time")
        if let next = received?.upperBound {
            ledger.expect(place.index == next, "\(name) came in \(shop) at place \(place.index), not \(next)")
        } else {
            let first = storedAtBegin ?? 0
            ledger.expect(place.index <= first, "a stream of \(shop) begins at \(place.index), not at \(first)")
            ledger.expect(place.index >= answeredBefore, "\(name) is older than its stream")
        }
        received = min(received?.lowerBound ?? place.index, place.index)..<place.index + 1
    }

    /// Whether all messages of the shop before `count` that are later than the stream have come.
    func reaches(_ count: Int) -> Bool { (received?.upperBound ?? storedAtBegin).map { $0 >= count } ?? true }

    /// Whether at least `count` messages of the shop have not come.
    func isBehind(by count: Int) -> Bool { !reaches(ledger.storedCount(shop) - count + 1) }

    /// All before `count` must have come.
    func requireAll(before count: Int) {
        let reached = next
        ledger.expect(reaches(count), "a stream of \(shop) has messages up to \(reached), not \(count)")
    }

    func end() { ledger.trace.note(6, next) }
}
