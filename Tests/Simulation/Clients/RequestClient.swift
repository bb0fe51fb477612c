import HTTP
import HTTPTypes
import Primitives

/// A client of the REST interface on one connection: posts, lists and other requests, pipelined; answers must come in
/// their order, one for each.
final class RequestClient: Client {
    /// A request that waits for its answer.
    private enum Request {
        case post(text: String, shop: String)
        case list(shop: String, since: Timestamp?, answeredCount: Int)
        /// Any other request, with the statuses that may answer it.
        case other(statuses: [Int], isHead: Bool)
    }

    private let context: RunContext
    private let socket: Socket
    private let user: String
    private var answers = Answers()
    private var waiting: [Request] = []
    /// The server announced the end of the connection, or the client did.
    private var isClosing = false
    private(set) var isOver = false
    private var requestCountLeft: Int

    init(_ context: RunContext, _ socket: Socket) {
        self.context = context
        self.socket = socket
        user = context.chance.pick(context.scenario.userNames)
        requestCountLeft = context.chance.number(1...30)
    }

    func step() {
        guard !isOver else { return }
        let chance = context.chance
        if context.isTraffic {
            if !isClosing, waiting.count < 6, requestCountLeft > 0, chance.oneIn(3) { ask() }
            if chance.oneIn(300) { return vanish() }
            if requestCountLeft == 0, socket.unwritten.isEmpty, chance.oneIn(20) {
                // Half-closed: pending requests are still answered.
                if !socket.isEnded { socket.end() }
            }
            socket.write(byteCountMax: chance.oneIn(2) ? .max : chance.number(1...40))
            if chance.oneIn(2) { take(socket.read(byteCountMax: chance.oneIn(2) ? .max : chance.number(1...100))) }
        } else {
            socket.write()
            take(socket.read())
        }
        if socket.isOver { ended() }
    }

    private func vanish() {
        if context.chance.oneIn(2) { socket.reset() } else { socket.close() }
        context.ledger.count("request clients vanished")
        isOver = true
    }

    // MARK: - Requests

    private func ask() {
        requestCountLeft -= 1
        let shop = context.chance.pick(context.scenario.shopNames)
        switch context.chance.number(0...9) {
        case 0...5: post(to: shop)
        case 6...7: list(shop)
        default: askOther(shop)
        }
    }

    private func post(to shop: String) {
        let text = context.ledger.freshText(byteCount: context.chance.number(0...context.scenario.textByteCountMax))
        waiting.append(.post(text: text, shop: shop))
        let body = Array(#"{"shop_id":"\#(shop)","message":"\#(text)"}"#.utf8)
        // A client that expects 100 Continue may send the body without waiting for it.
        let fields: HTTPFields = context.chance.oneIn(6) ? [.expect: "100-continue"] : [:]
        send(.post, "/api/v1/shops/messages", fields, body: body)
    }

    private func list(_ shop: String) {
        let ledger = context.ledger
        let times = ledger.times(of: shop)
        let since = times.isEmpty || context.chance.oneIn(2) ? nil : context.chance.pick(times)
        waiting.append(.list(shop: shop, since: since, answeredCount: ledger.answeredCount(shop)))
        send(.get, "/api/v1/shops/\(shop)/messages" + (since.map { "?since=\($0.rfc3339)" } ?? ""))
    }

    private func askOther(_ shop: String) {
        let statuses: [Int]
        var method = HTTPRequest.Method.get
        switch context.chance.number(0...6) {
        case 6:
            // The limit of uploads in flight, or the command that ends an earlier one is in flight.
            statuses = [200, 429]
            let image = [UInt8](repeating: 7, count: context.chance.number(0...context.scenario.textByteCountMax))
            let body =
                Array("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nGIF89a".utf8) + image
                + Array("\r\n--b--\r\n".utf8)
            send(
                .post, "/api/v1/shops/messages/image/upload?shop_id=\(shop)",
                [.contentType: "multipart/form-data; boundary=b"], body: body)
        case 0:
            statuses = [200]
            send(.get, "/api/v1/health/websocket")
        case 1:
            statuses = [404]
            send(.get, "/nothing/here")
        case 2:
            statuses = [400]
            send(.post, "/api/v1/shops/messages", body: Array(#"{"shop_id":"\#(shop)"}"#.utf8))
        case 3:
            statuses = [403, 429]
            send(.get, "/api/v1/shops/another/messages")
        case 4:
            statuses = [200, 503]
            method = .head
            send(.head, "/readyz")
        default:
            // Not a handshake: refused, and the connection stays open.
            statuses = [400]
            send(.get, "/api/v1/shops/\(shop)/messages/stream")
        }
        waiting.append(.other(statuses: statuses, isHead: method == .head))
    }

    private func send(_ method: HTTPRequest.Method, _ target: String, _ more: HTTPFields = [:], body: [UInt8]? = nil) {
        var fields = more
        fields[.authorization] = "Bearer \(context.token(of: user).text)"
        var bytes: [UInt8] = []
        RequestWriter.append(method, target: target, authority: "simulation", fields: fields, body: body, to: &bytes)
        socket.send(bytes)
    }

    // MARK: - Answers

    private func take(_ bytes: [UInt8]) {
        var offset = 0
        do throws(HTTPParseError) {
            while true {
                if case .other(_, isHead: true)? = waiting.first { answers.expectHeadAnswer(true) }
                guard let answer = try answers.next(bytes, &offset) else { return }
                check(answer)
            }
        } catch {
            context.ledger.violate("an answer is no HTTP: \(error)")
            isOver = true
        }
    }

    private func check(_ answer: Answers.Answer) {
        let ledger = context.ledger
        let status = answer.head.status.code
        ledger.trace.note(3, status)
        if !answer.head.keepAlive { isClosing = true }
        if status == 408 {
            // The server's time limit for a request that arrives too slowly.
            ledger.count("requests timed out")
            isClosing = true
            return
        }
        guard !waiting.isEmpty else { return ledger.violate("an answer (\(status)) without a request") }
        if context.flaw == .clientSwapsAnswers, waiting.count > 1 { waiting.swapAt(0, 1) }
        let request = waiting.removeFirst()
        if status == 401, context.hasShortTokens(user) {
            ledger.count("tokens refused")
            if case .post(let text, _) = request {
                ledger.expect(ledger.place(of: text) == nil, "401 for a message that was stored")
            }
            return
        }
        switch request {
        case .post(let text, let shop): checkPost(answer, text, shop)
        case .list(let shop, let since, let answeredCount): checkList(answer, shop, since, answeredCount)
        case .other(let statuses, _):
            ledger.expect(statuses.contains(status), "\(status) instead of \(statuses)")
        }
    }

    private func checkPost(_ answer: Answers.Answer, _ text: String, _ shop: String) {
        let ledger = context.ledger
        let status = answer.head.status.code
        if status == 503 || status == 429 {
            if status == 429 { ledger.count("posts over the rate") }
            return ledger.expect(ledger.place(of: text) == nil, "\(status) for a message that was stored")
        }
        guard status == 201, let envelope = WireEnvelope<WireMessage>.parse(answer.body) else {
            return ledger.violate("\(status) for the post of \(Ledger.name(text))")
        }
        ledger.expect(
            envelope.data.text == text && envelope.data.shop == shop,
            "the answer to \(Ledger.name(text)) is of \(Ledger.name(envelope.data.text))")
        ledger.answered(text, shop: shop)
    }

    /// The page is what is stored after `since`, without a gap, and at least what was answered before the request.
    private func checkList(_ answer: Answers.Answer, _ shop: String, _ since: Timestamp?, _ answeredCount: Int) {
        let ledger = context.ledger
        if answer.head.status.code == 429, context.scenario.readsPerUserMax > 0 {
            return ledger.count("lists over the limit")
        }
        guard answer.head.status.code == 200, let page = WireEnvelope<[WireMessage]>.parse(answer.body) else {
            return ledger.violate("\(answer.head.status.code) for a list of \(shop)")
        }
        ledger.count("lists")
        let first = since.map { ledger.firstIndex(in: shop, after: $0) } ?? 0
        let expected = ledger.texts(of: shop).dropFirst(first).prefix(page.data.count)
        ledger.expect(page.data.map(\.text) == Array(expected), "a list of \(shop) is not what is stored")
        ledger.expect(first + page.data.count >= answeredCount, "a list of \(shop) lacks what was answered")
    }

    // MARK: - The end

    private func ended() {
        isOver = true
        if socket.isReset {
            context.ledger.count("request clients reset")
        } else if !waiting.isEmpty, !isClosing, !socket.isStale, context.phase != .draining {
            context.ledger.violate("a connection ended with \(waiting.count) requests unanswered")
        }
        socket.close()
    }

    var isAtRest: Bool { isOver || waiting.isEmpty || isClosing || socket.isKeptWaiting }

    func checkSettled() {
        guard !isOver else { return }
        context.ledger.expect(isAtRest, "\(waiting.count) requests were never answered")
        if !socket.isEnded { socket.end() }
    }

    func checkStopped() {
        context.ledger.expect(isOver || socket.isOver, "the server stopped and a request client's connection is open")
    }
}
