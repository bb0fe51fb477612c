import Auth
import Crypto
import FoundationEssentials
import Logging
import Primitives
import Testing

@testable import Server

/// The keys of a file that changes, as one reactor sees them.
@Suite struct AuthenticatorTests {
    private static let now = Timestamp(microsecondsSinceEpoch: 1_800_000_000_000_000)

    /// An issuer's key, by its `kid`.
    private struct IssuerKey {
        let kid: String
        let key = P256.Signing.PrivateKey()

        var jwk: String {
            let point = Array(key.publicKey.rawRepresentation)
            return
                #"{"kty":"EC","crv":"P-256","x":"\#(base64URL(point[..<32]))","y":"\#(base64URL(point[32...]))","kid":"\#(kid)"}"#
        }

        func token(of user: String) throws -> String {
            let seconds = AuthenticatorTests.now.microsecondsSinceEpoch / 1_000_000
            let head = base64URL(Array(#"{"alg":"ES256","kid":"\#(kid)"}"#.utf8)[...])
            let claims = base64URL(Array(#"{"sub":"\#(user)","iat":\#(seconds),"exp":\#(seconds + 60)}"#.utf8)[...])
            let signature = try key.signature(for: Array("\(head).\(claims)".utf8)).rawRepresentation
            return "\(head).\(claims).\(base64URL(Array(signature)[...]))"
        }

        private func base64URL(_ bytes: ArraySlice<UInt8>) -> String {
            Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: "")
        }
    }

    /// A JWKS file that is removed with this value.
    private final class KeyFile {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString).json").path()

        init(_ keys: [IssuerKey]) throws { try write(keys) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ keys: [IssuerKey]) throws {
            try Data(#"{"keys":[\#(keys.map(\.jwk).joined(separator: ","))]}"#.utf8).write(to: URL(filePath: path))
        }
    }

    private func error(_ authenticator: inout Authenticator, _ token: String) -> AuthError? {
        do throws(AuthError) {
            _ = try authenticator.verify(token, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a reading of the file decides from the next token on, also for tokens verified before`() async throws {
        let (old, new) = (IssuerKey(kid: "old"), IssuerKey(kid: "new"))
        let (oldToken, newToken) = (try old.token(of: "ada"), try new.token(of: "grace"))
        let file = try KeyFile([old])
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let reloader = try await KeyReloader(path: file.path, secret: nil, log: log)
        let settings = try TokenSettings(keys: reloader.current)
        var authenticator = Authenticator(settings: settings, reloader: reloader)
        #expect(error(&authenticator, "") == .missing)
        #expect(try authenticator.verify(oldToken, now: Self.now).userID == UserID("ada"))
        #expect(error(&authenticator, newToken) == .unknownKey)

        try file.write([new])
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

    @Test func `without a file the keys stay, and no token waits`() throws {
        let secret = try TokenSecret("a secret of at least thirty-two bytes")
        let authenticator = Authenticator(settings: try TokenSettings(keys: KeySet(secret: secret)))
        #expect(authenticator.joinReload() == nil && authenticator.reloadStatistics == nil)
    }
}

extension Authenticator {
    fileprivate mutating func verify(_ token: String, now: Timestamp) throws(AuthError) -> Identity {
        let utf8 = token.utf8
        return try verify(utf8.span, now: now)
    }
}
