import FoundationEssentials
import Primitives

/// A key of an issuer, made once, and a token of it that expires a minute after `IssuerKey.now`.
struct IssuerKey {
    /// A time at which the tokens are valid.
    static let now = Timestamp(microsecondsSinceEpoch: 1_800_000_000_000_000)

    let jwk: String
    let token: String

    /// The token is Ada's.
    static let old = IssuerKey(
        jwk:
            #"{"kty":"EC","crv":"P-256","x":"Dcuw8zQ8F3stKsjJs1Cz-L6TVQkjh8viblbNlFwhsZg","y":"hqqYhNOWUQQS88gOzfRNBp5uTEbG2ka2ad4Ipcj5YRM","kid":"old"}"#,
        token: "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9sZCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjE4MDAwMDAwNjB9.rd"
            + "q_eL8V63Tz-7RTQHjH_1zVaIhEAILzzQw2kw7P9BsvSuLRzpW30Wwkdr4zDUMLjkEBPqAZ3VG28OitgD_t0A")
    /// The token is Grace's.
    static let new = IssuerKey(
        jwk:
            #"{"kty":"EC","crv":"P-256","x":"4P194rmvJj7nhWgsWydCKeurKYW94CwDWNKtgfxuDco","y":"ZTMfHhxXVbQVUe_-NpHJwCNLPrXBYPPT-OvErqQmhbM","kid":"new"}"#,
        token: "eyJhbGciOiJFUzI1NiIsImtpZCI6Im5ldyIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJncmFjZSIsImV4cCI6MTgwMDAwMDA2MH0"
            + ".PEAby8vxh8wJjJRASbffFg62N4vAg9T2vSZVDNFR-wdUfONj-VYysKR5F0nUEOzHxt87Pmp_fVb1ulYT_sk8uw")

    /// The key set of these keys (RFC 7517, section 5).
    static func document(_ keys: [IssuerKey]) -> String {
        #"{"keys":[\#(keys.map(\.jwk).joined(separator: ","))]}"#
    }
}

/// A JWKS file that is removed with this value.
final class KeyFile {
    let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString).json").path()

    init(_ keys: [IssuerKey]) throws { try write(keys) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ keys: [IssuerKey]) throws {
        try Data(IssuerKey.document(keys).utf8).write(to: URL(filePath: path))
    }
}
