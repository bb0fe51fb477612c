import Digests
import FoundationEssentials

/// The source of the users' tokens.
package struct TokenSource: Sendable {
    private enum Kind: Sendable {
        case secret(HMACSHA256, expiresAt: Int64)
        case file([String: String])
        case none
    }

    private let kind: Kind

    /// Signs tokens with HS256: `sub` is the user, `exp` the given time in seconds since 1970. The same user gets the
    /// same bytes each time, so that a server's cache of verified tokens works as in production.
    package init(secret: [UInt8], expiresAt: Int64) {
        kind = .secret(HMACSHA256(key: secret.span), expiresAt: expiresAt)
    }

    /// Reads tokens from the text of a file, one `user,token` per line.
    package init(fileText: String) throws(LoadConfigurationError) {
        var tokens: [String: String] = [:]
        for (index, line) in fileText.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            let fields = line.split(separator: ",", maxSplits: 1)
            guard fields.count == 2, fields[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw LoadConfigurationError("tokens file, line \(index + 1): `user,token` is expected")
            }
            tokens[String(fields[0])] = String(fields[1])
        }
        kind = .file(tokens)
    }

    private init(kind: Kind) {
        self.kind = kind
    }

    /// No tokens, for a server that requires none.
    package static let none = TokenSource(kind: .none)

    /// The user's token; nil when there are none. About 3 µs with a secret.
    package func token(of user: String) throws(LoadConfigurationError) -> String? {
        switch kind {
        case .secret(let key, let expiresAt):
            let claims = #"{"sub":"\#(user)","exp":\#(expiresAt)}"#
            let signed = Self.header + "." + Self.base64URL(claims.utf8)
            let code = key.code(for: signed.utf8.span)
            return signed + "." + Self.base64URL(code.indices.map { code[$0] })
        case .file(let tokens):
            guard let token = tokens[user] else {
                throw LoadConfigurationError("the tokens file has no token of \(user)")
            }
            return token
        case .none:
            return nil
        }
    }

    private static let header = base64URL(#"{"alg":"HS256","typ":"JWT"}"#.utf8)

    /// Base64 with `-` and `_` and without padding (RFC 4648, section 5).
    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> bitCount & 63)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << (6 - bitCount) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
