import Auth
import Logging
import Primitives
import Testing

@testable import Server

/// The keys of a file that changes, as one reactor sees them.
@Suite struct AuthenticatorTests {
    private static let now = IssuerKey.now

    private func error(_ authenticator: inout Authenticator, _ token: String) -> AuthError? {
        do throws(AuthError) {
            _ = try authenticator.verify(token, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a reading of the file decides from the next token on, also for tokens verified before`() async throws {
        let (oldToken, newToken) = (IssuerKey.old.token, IssuerKey.new.token)
        let file = try KeyFile([.old])
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let reloader = try KeyReloader(.file(file.path), secret: nil, log: log)
        let settings = try TokenSettings(keys: reloader.current)
        var authenticator = Authenticator(settings: settings, reloader: reloader)
        #expect(error(&authenticator, "") == .missing)
        #expect(try authenticator.verify(oldToken, now: Self.now).userID == UserID("ada"))
        #expect(error(&authenticator, newToken) == .unknownKey)

        try file.write([.new])
        await reloader.reload()
        #expect(authenticator.reloadStatistics?.changeCount == 1)
        // This reactor has not seen the new keys yet, so its next token need not wait for a reading.
        let reload = authenticator.joinReload()
        await reload?.wait()
        #expect(reload != nil)
        #expect(try authenticator.verify(newToken, now: Self.now).userID == UserID("grace"))
        #expect(error(&authenticator, oldToken) == .unknownKey)
        await authenticator.joinReload()?.wait()
        #expect(error(&authenticator, oldToken) == .unknownKey, "the file still does not have it")
    }

    @Test func `a new secret joins the keys of the file at once, and stays after the next reading`() async throws {
        let file = try KeyFile([.old])
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (old, new) = (
            try TokenSecret("the old secret of 32 bytes or more"), try TokenSecret("the new secret of it")
        )
        let tokens = try [old, new].map { secret in
            try TokenMinter(secret: secret, issuer: nil, audience: nil)
                .mint(userID: UserID("ada"), name: nil, timeToLive: .seconds(60), now: Self.now)
        }
        let reloader = try KeyReloader(.file(file.path), secret: old, log: log)
        var authenticator = Authenticator(settings: try TokenSettings(keys: reloader.current), reloader: reloader)
        #expect(try authenticator.verify(tokens[0], now: Self.now).userID == UserID("ada"))
        try reloader.replaceSecret(new)
        for _ in 0..<2 {
            #expect(error(&authenticator, tokens[0]) == .badSignature)
            #expect(try authenticator.verify(tokens[1], now: Self.now).userID == UserID("ada"))
            #expect(try authenticator.verify(IssuerKey.old.token, now: Self.now).userID == UserID("ada"))
            await reloader.reload()
        }
        try reloader.replaceSecret(nil)
        #expect(error(&authenticator, tokens[1]) != nil)
        #expect(try authenticator.verify(IssuerKey.old.token, now: Self.now).userID == UserID("ada"))
    }

    @Test func `without a file the keys stay, and no token waits`() throws {
        let secret = try TokenSecret("a secret of at least thirty-two bytes")
        var authenticator = Authenticator(settings: try TokenSettings(keys: KeySet(secret: secret)))
        #expect(authenticator.joinReload() == nil && authenticator.reloadStatistics == nil)
        let token = try TokenMinter(secret: secret, issuer: nil, audience: nil)
            .mint(userID: UserID("ada"), name: nil, timeToLive: .seconds(60), now: Self.now)
        #expect(error(&authenticator, token) == nil)
        authenticator.replaceKeys(KeySet(secret: try TokenSecret("another secret of thirty-two bytes")))
        #expect(error(&authenticator, token) == .badSignature)
    }
}

extension Authenticator {
    fileprivate mutating func verify(_ token: String, now: Timestamp) throws(AuthError) -> Identity {
        let utf8 = token.utf8
        return try verify(utf8.span, now: now)
    }
}
