import HTTP
import HTTPTypes

/// A client that speaks no HTTP, or half of it, or too slowly: the server must answer or close, and stay alive.
final class MisbehavingClient: Client {
    private let context: RunContext
    private let socket: Socket
    private var answers = Answers()
    private var patience: Int
    private(set) var isOver = false

    init(_ context: RunContext, _ socket: Socket) {
        self.context = context
        self.socket = socket
        let chance = context.chance
        patience = chance.number(5...200)
        switch chance.number(0...4) {
        case 0: socket.send((0..<chance.number(1...400)).map { _ in UInt8(chance.number(0...255)) })
        case 1: socket.send(Array("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".utf8))
        case 2:
            socket.send(Array("POST /api/v1/shops/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n{".utf8))
        case 3: socket.send(Array("GET /health".utf8))
        default:
            socket.send(
                Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n".utf8))
        }
    }

    func step() {
        guard !isOver else { return }
        socket.write(byteCountMax: context.isTraffic ? context.chance.number(1...50) : .max)
        read(socket.read())
        patience -= 1
        if socket.isOver {
            socket.close()
            isOver = true
        } else if patience <= 0 || !context.isTraffic {
            if context.chance.oneIn(2) { socket.reset() } else { socket.close() }
            isOver = true
        }
    }

    /// Every answer of the server to nonsense is HTTP and a refusal.
    private func read(_ bytes: [UInt8]) {
        var offset = 0
        do {
            while let answer = try answers.next(bytes, &offset) {
                context.ledger.count("refusals")
                let status = answer.head.status.code
                context.ledger.expect(status >= 400, "nonsense was answered with \(status)")
            }
        } catch {
            context.ledger.violate("a refusal is no HTTP: \(error)")
            isOver = true
        }
    }

    var isAtRest: Bool { true }

    func checkSettled() {}

    func checkStopped() {}
}
