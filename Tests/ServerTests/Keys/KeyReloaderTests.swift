import Auth
import Logging
import Primitives
import Testing

@testable import Server

/// When the keys of an issuer are read again, by a clock that the test moves.
@Suite struct KeyReloaderTests {
    /// An issuer, and a server's part that reads its keys.
    private struct Setup {
        let issuer: ScriptedServer
        let clock = ManualKeyClock()
        let reloader: KeyReloader

        init(maxAge: Int) throws {
            issuer = try ScriptedServer(.document(IssuerKey.document([.old]), maxAge: maxAge))
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            reloader = try KeyReloader(
                .url(try issuer.url()), secret: nil, log: log, clock: clock.clock, fetchWait: .seconds(30))
            reloader.startRefreshing()
        }

        /// Waits until `count` reads have ended and the next one is scheduled for `time`, and nothing else.
        func settle(readCount count: Int, nextAt time: Int64) async {
            while reloader.statistics.readCount < count || clock.wakeUps != [time] { await Task.yield() }
            #expect(reloader.statistics.readCount == count)
        }

        func end() {
            reloader.stopRefreshing()
            issuer.end()
        }

        func authenticator() throws -> Authenticator {
            Authenticator(settings: try TokenSettings(keys: reloader.current), reloader: reloader)
        }
    }

    private func isGood(_ key: IssuerKey, _ authenticator: inout Authenticator) -> Bool {
        let utf8 = key.token.utf8
        return (try? authenticator.verify(utf8.span, now: IssuerKey.now)) != nil
    }

    @Test func `the keys are read again when max-age is over, and not before`() async throws {
        let setup = try Setup(maxAge: 60)
        defer { setup.end() }
        var authenticator = try setup.authenticator()
        await setup.settle(readCount: 0, nextAt: 60)
        setup.issuer.use(.document(IssuerKey.document([.new]), maxAge: 100))
        setup.clock.advance(to: 59)
        await setup.settle(readCount: 0, nextAt: 60)
        #expect(setup.issuer.requestCount == 1 && isGood(.old, &authenticator))
        setup.clock.advance(to: 60)
        await setup.settle(readCount: 1, nextAt: 160)
        #expect(isGood(.new, &authenticator) && !isGood(.old, &authenticator))
    }

    @Test func `a failed read is repeated every 15 s, although max-age is an hour`() async throws {
        let setup = try Setup(maxAge: 3_600)
        defer { setup.end() }
        var authenticator = try setup.authenticator()
        await setup.settle(readCount: 0, nextAt: 3_600)
        setup.issuer.use(.unavailable)
        setup.clock.advance(to: 100)
        #expect(!isGood(.new, &authenticator))
        await authenticator.joinReload()?.wait()
        await setup.settle(readCount: 1, nextAt: 115)
        #expect(!setup.reloader.statistics.isCurrent && isGood(.old, &authenticator))
        setup.clock.advance(to: 115)
        await setup.settle(readCount: 2, nextAt: 130)
        #expect(setup.reloader.statistics.failureCount == 2 && setup.reloader.statistics.age == .seconds(115))
        setup.issuer.use(.document(IssuerKey.document([.old, .new]), maxAge: 3_600))
        setup.clock.advance(to: 130)
        await setup.settle(readCount: 3, nextAt: 3_730)
        #expect(setup.reloader.statistics.isCurrent && setup.reloader.statistics.age == .zero)
        #expect(isGood(.new, &authenticator))
    }

    @Test func `a read that a token or a signal triggers moves the next one`() async throws {
        let setup = try Setup(maxAge: 60)
        defer { setup.end() }
        let authenticator = try setup.authenticator()
        setup.clock.advance(to: 20)
        await authenticator.joinReload()?.wait()
        await setup.settle(readCount: 1, nextAt: 80)
        setup.clock.advance(to: 50)
        await setup.reloader.reload()
        await setup.settle(readCount: 2, nextAt: 110)
        setup.reloader.stopRefreshing()
        while !setup.clock.wakeUps.isEmpty { await Task.yield() }
    }

    @Test func `while the issuer stalls the old keys are used and no token waits long, and then the metrics say so`()
        async throws
    {
        let setup = try Setup(maxAge: 60)
        defer { setup.end() }
        var authenticator = try setup.authenticator()
        await setup.settle(readCount: 0, nextAt: 60)
        setup.issuer.use(.init(text: "HTTP/1.1 200 OK\r\n", stalls: true))
        let pending = try #require(authenticator.joinReload())
        let token = Task { await pending.wait() }
        while setup.issuer.requestCount < 2 || setup.clock.wakeUps != [2, 60] { await Task.yield() }
        #expect(isGood(.old, &authenticator) && !isGood(.new, &authenticator))
        setup.clock.advance(to: 2)
        await token.value
        setup.clock.advance(to: 20)
        setup.issuer.endStalls()
        await setup.settle(readCount: 1, nextAt: 35)
        let statistics = setup.reloader.statistics
        #expect(!statistics.isCurrent && statistics.failureCount == 1 && statistics.age == .seconds(20))
        #expect(isGood(.old, &authenticator))
    }

    @Test func `an issuer that stalls at the start is an error that names its URL`() throws {
        let issuer = try ScriptedServer(.init(text: "", stalls: true))
        defer { issuer.end() }
        let url = try issuer.url()
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        #expect(throws: AuthConfigurationError.keySetUnreadable(path: "\(url)", reason: "no answer in time")) {
            try KeyReloader(.url(url), secret: nil, log: log, fetchWait: .milliseconds(50))
        }
    }
}
