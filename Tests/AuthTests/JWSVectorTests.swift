import FoundationEssentials
import Testing

@testable import Auth

/// Wycheproof's JSON Web Signatures, as far as their algorithms are ours: run where the vectors are beside the project.
@Suite struct JWSVectorTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/vectors/jws").path()
    private static let isThere = FileManager.default.fileExists(atPath: folder + "/json_web_signature_test.json")

    private struct File: Decodable {
        let testGroups: [Group]
    }

    private struct Group: Decodable {
        let comment: String
        let `public`: Key?
        let `private`: Key
        let tests: [Vector]

        var key: Key { `public` ?? `private` }
    }

    private struct Key: Codable {
        let kty: String?
        let kid: String?
        let alg: String?
        let use: String?
        let crv: String?
        let k: String?
        let n: String?
        let e: String?
        let x: String?
        let y: String?
        let operations: [String]?

        private enum CodingKeys: String, CodingKey {
            case kty, kid, alg, use, crv, k, n, e, x, y
            case operations = "key_ops"
        }
    }

    /// Verdicts that are not ours. The first two are the text of a valid vector, whose padding the file lost; the others
    /// have a character that base64url does not know, and RFC 7515, section 2, leaves no room for it.
    private static let otherVerdicts = [367: true, 370: true, 372: false, 373: false]

    private struct Vector: Decodable {
        let tcId: Int
        let comment: String
        let jws: String
        let result: String
    }

    private static func keys(_ key: Key) throws -> KeySet {
        if key.kty == "oct", let bytes = key.k.flatMap({ Base64URL.decode($0) }) {
            return KeySet(secret: TokenSecret(bytes: bytes))
        }
        let json = Array(try JSONEncoder().encode(["keys": [key]]))
        return try KeySet(secret: nil, jwks: json)
    }

    @Test(.enabled(if: isThere, "the vectors are not beside the project"))
    func `every signature has the verdict of Wycheproof`() throws {
        let data = try Data(contentsOf: URL(filePath: Self.folder + "/json_web_signature_test.json"))
        let file = try JSONDecoder().decode(File.self, from: data)
        var counts = (accepted: 0, refused: 0)
        for group in file.testGroups {
            // A group whose key is for another algorithm, or too weak, verifies nothing.
            let keys = try? Self.keys(group.key)
            let isOurs = ["HS256", "RS256", "ES256", "EdDSA"].contains(group.key.alg)
            for vector in group.tests {
                var isAccepted = false
                if let keys {
                    let verifier = TokenVerifier(settings: try TokenSettings(keys: keys))
                    isAccepted = (try? verifier.signedPayload(of: vector.jws.utf8.span)) != nil
                }
                let expected = Self.otherVerdicts[vector.tcId] ?? (vector.result == "valid" && isOurs)
                #expect(isAccepted == expected, "\(vector.tcId) \(group.comment): \(vector.comment)")
                if isAccepted { counts.accepted += 1 } else { counts.refused += 1 }
            }
        }
        #expect(counts.accepted >= 15 && counts.refused >= 300, "\(counts)")
    }

    // MARK: - Sets of keys

    private struct SetFile: Decodable {
        let testGroups: [SetGroup]
    }

    private struct SetGroup: Decodable {
        let comment: String
        let `public`: KeySetJSON?
        let `private`: KeySetJSON
        let tests: [Vector]

        var keys: [Key] { (`public` ?? `private`).keys }
    }

    private struct KeySetJSON: Codable {
        let keys: [Key]
    }

    /// The keys as a server has them: public ones from the set, and one secret, which no set of ours has. Of several
    /// secrets it is the one with the token's `kid`; two with the same leave none.
    private static func keys(_ keys: [Key], for token: String) throws -> KeySet? {
        guard keys.allSatisfy({ $0.kty == "oct" }) else {
            return try KeySet(secret: nil, jwks: Array(try JSONEncoder().encode(KeySetJSON(keys: keys))))
        }
        let header = try #require(Base64URL.decode(String(token.prefix { $0 != "." })))
        let kid = try TokenHeader(header.span).keyID
        let candidates = keys.filter { $0.kid == kid && $0.alg == "HS256" && $0.use == "sig" }
        guard candidates.count == 1, let bytes = candidates[0].k.flatMap(Base64URL.decode), !bytes.isEmpty else {
            return nil
        }
        let secret = TokenSecret(bytes: bytes)
        try secret.requireProductionStrength()
        return KeySet(secret: secret)
    }

    /// HS384 and HS512, which are not ours.
    private static let otherSetVerdicts = [14: false, 15: false]

    @Test(.enabled(if: isThere, "the vectors are not beside the project"))
    func `every set of keys has the verdict of Wycheproof`() throws {
        let data = try Data(contentsOf: URL(filePath: Self.folder + "/json_web_key_test.json"))
        let file = try JSONDecoder().decode(SetFile.self, from: data)
        var accepted: [Int] = []
        for group in file.testGroups {
            for vector in group.tests {
                var isAccepted = false
                if let keys = try? Self.keys(group.keys, for: vector.jws) {
                    let verifier = TokenVerifier(settings: try TokenSettings(keys: keys))
                    isAccepted = (try? verifier.signedPayload(of: vector.jws.utf8.span)) != nil
                }
                let expected = Self.otherSetVerdicts[vector.tcId] ?? (vector.result == "valid")
                #expect(isAccepted == expected, "\(vector.tcId) \(group.comment): \(vector.comment)")
                if isAccepted { accepted.append(vector.tcId) }
            }
        }
        #expect(accepted == [2, 5, 13])
    }
}
