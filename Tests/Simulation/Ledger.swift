import Chat
import Primitives
import Storage

/// The events of a run, as the store and the clients saw them, and every contradiction that was found.
///
/// The truth about a shop is the order in which its messages were stored. Every text is unique in a run, so that a
/// text names its message.
final class Ledger {
    struct Place: Equatable {
        let shop: String
        let index: Int
    }

    private(set) var violations: [String] = []
    var trace = Trace()
    /// The texts of each shop in the order of storing.
    private var texts: [String: [String]] = [:]
    private var times: [String: [Timestamp]] = [:]
    private var places: [String: Place] = [:]
    /// For each shop the messages up to the last one whose 201 a client has read.
    private var answeredCounts: [String: Int] = [:]
    private var textCount = 0
    /// Events by name with their counts: a run without events proves nothing.
    private(set) var tally: [String: Int] = [:]

    func violate(_ what: String) { violations.append(what) }

    func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) {
        if !isTrue { violate(what()) }
    }

    func count(_ what: String) { tally[what, default: 0] += 1 }

    /// A text that no other message of the run has, of at least `byteCount` bytes.
    func freshText(byteCount: Int) -> String {
        textCount += 1
        let name = "message \(textCount) "
        return name + String(repeating: "x", count: max(0, byteCount - name.utf8.count))
    }

    // MARK: - What the store did

    func stored(_ message: Chat.Message) {
        let shop = message.shopID.text
        expect(places[message.text] == nil, "\(Self.name(message.text)) was stored twice")
        if let last = times[shop]?.last {
            expect(last < message.createdAt, "created_at does not increase in \(shop) at \(Self.name(message.text))")
        }
        places[message.text] = Place(shop: shop, index: storedCount(shop))
        texts[shop, default: []].append(message.text)
        times[shop, default: []].append(message.createdAt)
        count("stored")
    }

    func storedCount(_ shop: String) -> Int { texts[shop]?.count ?? 0 }

    func texts(of shop: String) -> [String] { texts[shop] ?? [] }

    func place(of text: String) -> Place? { places[text] }

    /// The times of a shop's messages.
    func times(of shop: String) -> [Timestamp] { times[shop] ?? [] }

    /// The first message of a shop that is later than `time`.
    func firstIndex(in shop: String, after time: Timestamp) -> Int {
        let times = times[shop] ?? []
        return times.firstIndex { $0 > time } ?? times.count
    }

    // MARK: - What clients read

    /// A client read the 201 of its post.
    func answered(_ text: String, shop: String) {
        count("posts answered")
        guard let place = places[text] else {
            violate("201 for \(Self.name(text)), which was not stored")
            return
        }
        expect(place.shop == shop, "\(Self.name(text)) was stored in \(place.shop), not in \(shop)")
        answeredCounts[shop] = max(answeredCount(shop), place.index + 1)
    }

    func answeredCount(_ shop: String) -> Int { answeredCounts[shop] ?? 0 }

    /// The first words of a text.
    static func name(_ text: String) -> String { text.split(separator: " ").prefix(2).joined(separator: " ") }
}
