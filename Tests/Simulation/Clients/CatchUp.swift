import HTTP
import HTTPTypes
import Primitives

/// Reads all messages of a shop after a given one, page by page, over a connection of its own.
final class CatchUp {
    private static let pageMessageCount = 5

    private let context: RunContext
    private let socket: Socket
    private let shop: String
    private let user: String
    private var answers = Answers()
    /// The place of the next message to ask for.
    private(set) var next: Int
    let first: Int
    private(set) var isComplete = false
    private(set) var isOver = false

    /// Asks for what follows the first `count` messages of a shop.
    init(_ context: RunContext, _ socket: Socket, shop: String, user: String, behind count: Int) {
        self.context = context
        self.socket = socket
        self.shop = shop
        self.user = user
        first = count
        next = count
        ask()
    }

    var isKeptWaiting: Bool { socket.isKeptWaiting }

    private func ask() {
        var target = "/api/v1/shops/\(shop)/messages?limit=\(Self.pageMessageCount)"
        if next > 0 { target += "&since=\(context.ledger.times(of: shop)[next - 1].rfc3339)" }
        var bytes: [UInt8] = []
        let fields: HTTPFields = [.authorization: "Bearer \(context.token(of: user).text)"]
        RequestWriter.append(.get, target: target, authority: "simulation", fields: fields, to: &bytes)
        socket.send(bytes)
    }

    func step() {
        guard !isOver else { return }
        socket.write()
        let bytes = socket.read()
        var offset = 0
        do throws(HTTPParseError) {
            while let answer = try answers.next(bytes, &offset) { take(answer) }
        } catch {
            context.ledger.violate("a page is no HTTP: \(error)")
            abandon()
        }
        if isComplete || socket.isOver { abandon() }
    }

    /// Closes the connection, also before the catch-up is complete.
    func abandon() {
        isOver = true
        socket.close()
    }

    private func take(_ answer: Answers.Answer) {
        guard answer.head.status == .ok, let page = WireEnvelope<[WireMessage]>.parse(answer.body),
            let hasMore = page.hasMore
        else {
            // The time limit of a request that was written too slowly, or an expired token.
            let isExcused =
                answer.head.status == .requestTimeout
                || (answer.head.status == .tooManyRequests && context.scenario.readsPerUserMax > 0)
                || (answer.head.status == .unauthorized && context.hasShortTokens(user))
            context.ledger.expect(isExcused, "\(answer.head.status) for a page of \(shop)")
            abandon()
            return
        }
        context.ledger.count("pages")
        let expected = context.ledger.texts(of: shop).dropFirst(next).prefix(page.data.count)
        context.ledger.expect(page.data.map(\.text) == Array(expected), "a page of \(shop) is not what was asked for")
        next += page.data.count
        isComplete = !hasMore
        if hasMore, answer.head.keepAlive { ask() }
    }
}
