import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions
import Testing

@testable import Server

/// The server's time limits of one connection, which are too long for a test on a real clock.
@Suite struct TimeLimitTests {
    @Test func `a head that trickles is answered with 408 after its time limit`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let socket = try run.connect(sending: Array("GET /healthz HTTP/1.1\r\nX-Long: ".utf8))
            run.trickle(over: socket, until: Sessions.Limits.headWait)
            run.expectTimeout(of: socket)
        }
        #expect(violations.isEmpty)
    }

    @Test func `a body that trickles is answered with 408 after its time limit`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let head = """
                POST /api/v1/shops/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\
                Authorization: Bearer \(run.context.token(of: "user").text)\r\n\r\n{
                """
            let socket = try run.connect(sending: Array(head.utf8))
            run.trickle(over: socket, until: Sessions.Limits.bodyWait)
            // The rest of the body is waited for, so that a client that still sends sees the answer.
            run.expectTimeout(of: socket, endAfter: Sessions.Limits.refusedBodyIdleWait + .milliseconds(100))
        }
        #expect(violations.isEmpty)
    }

    @Test func `a connection that sends nothing is closed after its time limit, and counted`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let socket = try run.connect(sending: [])
            run.turn()
            run.advance(by: Sessions.Limits.headWait - .milliseconds(100))
            run.ledger.expect(!socket.isOver && run.idleCloses.isEmpty, "closed before its time")
            run.advance(by: .milliseconds(200))
            run.ledger.expect(socket.read().isEmpty && socket.isOver, "not closed")
            run.ledger.expect(run.idleCloses == [.accept: 1], "\(run.idleCloses)")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a connection that is idle between requests is closed without a response`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let request = Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let socket = try run.connect(sending: request)
            // Each request gives the connection its whole time again.
            for _ in 0..<3 {
                run.turn()
                run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "no answer")
                run.advance(by: Sessions.Limits.keepAliveWait - .milliseconds(100))
                run.ledger.expect(!socket.isOver, "closed before its time")
                socket.send(request)
                socket.write()
            }
            run.turn()
            _ = socket.read()
            run.advance(by: Sessions.Limits.keepAliveWait + .milliseconds(100))
            run.ledger.expect(socket.read().isEmpty && socket.isOver, "not closed")
            run.ledger.expect(run.idleCloses == [.response: 1], "\(run.idleCloses)")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a response that is not read is cut off after its time limit`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            // Its answer is larger than what the sockets of a run hold.
            let socket = try run.connect(sending: Array("GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            let reactor = run.server.shards[0].reactor
            run.advance(by: Sessions.Limits.progressWait - .milliseconds(100))
            run.ledger.expect(reactor.connectionCount == 1, "cut off before its time")
            for _ in 0..<Sessions.Limits.progressCreditMax.components.seconds { run.advance(by: .seconds(1)) }
            run.ledger.expect(reactor.connectionCount == 0, "not cut off")
            socket.close()
        }
        #expect(violations.isEmpty)
    }
}

extension ScriptedRun {
    /// The first shard's connections that were closed for want of a request.
    fileprivate var idleCloses: [IdleClose: UInt64] { server.shards[0].counters.idleCloses }

    /// Lets one byte a second arrive until shortly before `duration` has passed, in which nothing may be answered.
    fileprivate func trickle(over socket: Socket, until duration: Duration) {
        let end = context.network.now + duration
        while end.since(context.network.now) > .seconds(1) {
            advance(by: .seconds(1))
            socket.send([0x20])
            socket.write()
            turn()
        }
        ledger.expect(!socket.hasArrivals && !socket.isOver, "the server ended the request before its time limit")
        advance(by: end.since(context.network.now) + .milliseconds(100))
    }

    /// The answer is 408, and the connection ends after it.
    fileprivate func expectTimeout(of socket: Socket, endAfter wait: Duration? = nil) {
        ledger.expect(socket.read().starts(with: Array("HTTP/1.1 408".utf8)), "no 408")
        ledger.expect(server.shards[0].counters.responsesByStatus == [408: 1], "not counted")
        turn()
        if let wait {
            ledger.expect(!socket.isOver, "the rest of the body is not waited for")
            advance(by: wait)
        }
        ledger.expect(socket.isOver, "the connection goes on")
        socket.close()
    }
}
